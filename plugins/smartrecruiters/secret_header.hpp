/// \file
/// A credential on its way out.
#pragma once

#include <formulary/poco/message.hpp>

#include <string>
#include <string_view>

namespace smartrecruiters {

/// Puts a credential into a request's headers and wipes it there when it dies, so before the headers do and however the
/// request ends. The session pool wipes the bytes that it sends. A crash while a request runs is the host's business:
/// ours turns core dumps off.
class SecretHeader {
 public:
  /// `name` is a literal.
  SecretHeader(element::http::header_list& headers, std::string_view name, std::string_view value)
      : headers_(headers), name_(name) {
    headers_.add(std::string(name), std::string(value));
  }
  SecretHeader(const SecretHeader&) = delete;
  SecretHeader& operator=(const SecretHeader&) = delete;
  ~SecretHeader() { headers_.wipe(name_); }

 private:
  element::http::header_list& headers_;
  std::string_view name_;
};

}  // namespace smartrecruiters
