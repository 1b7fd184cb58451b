/// \file
/// One request and one answer as the sandbox's handlers see them: plain values, nothing of Poco.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandbox {

namespace json = boost::json;
using TextPairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string path;       ///< Decoded, without the query.
  std::string raw_query;  ///< As sent.
  TextPairs query;        ///< Decoded, in order; a name may repeat.
  TextPairs headers;
  std::string content_type;
  std::string body;

  /// The first header of that name, compared without regard to case; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> parameters(std::string_view name) const;
};

struct Answer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  TextPairs headers;
};

[[nodiscard]] Answer json_answer(int status, const json::value& body);
[[nodiscard]] Answer no_content();

/// Why a request is not served. The barrier in Sandbox::answer turns it into the vendor's error body:
/// {"message": "...", "errors": [{"code": "...", "message": "...", "dataPath": "/location/city"}]}.
class Refusal : public std::runtime_error {
 public:
  Refusal(int status, std::string code, const std::string& message, std::string data_path = {})
      : std::runtime_error(message), status_(status), code_(std::move(code)), data_path_(std::move(data_path)) {}
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  [[nodiscard]] const std::string& data_path() const noexcept { return data_path_; }

 private:
  int status_;
  std::string code_;
  std::string data_path_;
};

[[nodiscard]] Answer refusal_answer(const Refusal& refusal);

}  // namespace sandbox
