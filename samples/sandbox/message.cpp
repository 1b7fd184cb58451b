#include "message.hpp"

#include <Poco/String.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace sandbox {

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (Poco::icompare(key, std::string(name)) == 0) return value;
  }
  return {};
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Request::parameters(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, value] : query) {
    if (key == name) found.push_back(value);
  }
  return found;
}

Answer json_answer(int status, const json::value& body) {
  return {.status = status, .body = json::serialize(body), .content_type = "application/json", .headers = {}};
}

Answer no_content() {
  return {.status = 204, .body = {}, .content_type = {}, .headers = {}};
}

Answer refusal_answer(const Refusal& refusal) {
  json::object error{{"code", refusal.code()}, {"message", refusal.what()}};
  if (!refusal.data_path().empty()) error["dataPath"] = refusal.data_path();
  return json_answer(refusal.status(), {{"message", refusal.what()}, {"errors", json::array{std::move(error)}}});
}

}  // namespace sandbox
