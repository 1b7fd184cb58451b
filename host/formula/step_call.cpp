#include "host/formula/step_call.hpp"

#include <algorithm>
#include <utility>

#include "host/base/digest.hpp"
#include "host/base/text.hpp"
#include "host/formula/form_body.hpp"
#include "host/formula/request_builder.hpp"
#include "host/formula/web_text.hpp"

namespace formulary::plan {
namespace {

constexpr std::string_view key_header = "idempotency-key";

/// What is taken from a `return` is given to done(); on one line, so that line numbers in errors stay right.
ScriptCall make_script(const CallInputs& inputs, const std::string& body, ScriptEnding result) {
  ScriptCall call{.body = body, .scope = inputs.scope, .seed = seed_of(inputs.digest), .now = inputs.script_time};
  call.must_return = result == ScriptEnding::required;
  if (result != ScriptEnding::done) call.body = "done((function () {" + body + "\n})());";
  return call;
}

StreamCall make_stream(const Step& step, const ElementStreamStep& kind, const CallInputs& inputs) {
  const RequestBuilder from(step, inputs, "download");
  const RequestBuilder to(step, inputs, "upload");
  StreamCall call{.download = from.build_element(kind.download_instance, kind.download),
                  .upload = to.build_element(kind.upload_instance, kind.upload),
                  .form_name = to.text(kind.form_data_name),
                  .policy = resolve_policy(kind.upload.policy, kind.upload.policy_properties, *inputs.scope)};
  if (auto fields = to.object(kind.form_data, "formData")) call.fields = *std::move(fields);
  if (call.form_name.empty() && !call.fields.empty()) call.form_name = "file";
  return call;
}

struct CallMaker {
  const Formula& formula;
  const Step& step;
  const CallInputs& inputs;

  Call operator()(const ScriptStep& kind) const { return make_script(inputs, kind.body, kind.result); }
  Call operator()(const FilterStep& kind) const {
    ScriptCall call = make_script(inputs, kind.body, kind.result);
    call.filter = true;
    return call;
  }
  Call operator()(const ElementRequestStep& kind) const {
    return RequestBuilder(step, inputs).build_element(kind.instance, kind.request);
  }
  Call operator()(const PlatformRequestStep& kind) const {
    return RequestBuilder(step, inputs).build_platform(kind.request);
  }
  Call operator()(const HttpRequestStep& kind) const { return RequestBuilder(step, inputs).build_http(kind.request); }
  Call operator()(const ElementStreamStep& kind) const { return make_stream(step, kind, inputs); }
  Call operator()(const AmqpRequestStep& kind) const {
    const RequestBuilder builder(step, inputs);
    AmqpCall call{.url = builder.text(kind.url),
                  .exchange = builder.text(kind.exchange),
                  .queue = builder.text(kind.queue),
                  .body = builder.text(kind.body)};
    if (!call.url.starts_with("amqp://") && !call.url.starts_with("amqps://")) {
      builder.fail("url gives no amqp:// or amqps:// address");  // not shown: it may hold a password
    }
    if (call.queue.empty() && call.exchange.empty()) builder.fail("neither queue nor exchange is given");
    return call;
  }
  Call operator()(const NotificationStep& kind) const {
    return NotifyCall{.body = RequestBuilder(step, inputs).text(kind.body)};
  }
  template <class Other>
  Call operator()(const Other& /*kind*/) const {
    throw Error(ErrorCode::unsupported, "step '" + step.name + "': step type '" + step.type + "' cannot run");
  }
};

std::string key_in(const Headers& headers) {
  const auto lower = [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; };
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return std::equal(header.first.begin(), header.first.end(), key_header.begin(), key_header.end(),
                      [&](char a, char b) { return lower(a) == b; });
  });
  return found == headers.end() ? std::string() : found->second;
}

struct SafetyOf {
  Safety operator()(const ScriptCall& /*call*/) const { return Safety::pure; }
  Safety operator()(const RequestCall& call) const {
    if (is_safe_method(call.method)) return Safety::safe;
    if (!key_in(call.headers).empty()) return Safety::keyed;
    return call.method == "PUT" || call.method == "DELETE" ? Safety::idempotent : Safety::unsafe;
  }
  Safety operator()(const StreamCall& call) const { return (*this)(call.upload); }
  Safety operator()(const AmqpCall& /*call*/) const { return Safety::unsafe; }
  /// Told twice is better than not told.
  Safety operator()(const NotifyCall& /*call*/) const { return Safety::idempotent; }
};

}  // namespace

std::string_view name(Safety safety) noexcept {
  switch (safety) {
    case Safety::pure:
      return "pure";
    case Safety::safe:
      return "safe";
    case Safety::idempotent:
      return "idempotent";
    case Safety::keyed:
      return "keyed";
    case Safety::unsafe:
      return "unsafe";
  }
  return "unsafe";
}

std::string digest_of(const RunIdentity& identity) {
  return to_hex(sha256(std::string(identity.execution_id) + '\n' + std::to_string(identity.iteration) + '\n' +
                       std::string(identity.step)));
}

std::uint64_t seed_of(std::string_view digest) {
  std::uint64_t seed = 0;
  for (const char digit : digest.substr(0, 16)) {
    seed = (seed << 4U) | static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return seed;
}

Call make_call(const Formula& formula, const Step& step, const CallInputs& inputs) {
  return std::visit(CallMaker{.formula = formula, .step = step, .inputs = inputs}, step.kind);
}

Safety safety_of(const Call& call) {
  return std::visit(SafetyOf{}, call);
}

std::string given_key(const Call& call) {
  if (const auto* request = std::get_if<RequestCall>(&call)) return key_in(request->headers);
  if (const auto* stream = std::get_if<StreamCall>(&call)) return key_in(stream->upload.headers);
  return {};
}

RequestCall upload_of(const StreamCall& call, const Answered& download, std::string_view idempotency_key) {
  RequestCall upload = call.upload;
  if (call.form_name.empty()) {
    upload.body = download.body;
    upload.content_type = download.content_type.empty() ? "application/octet-stream" : download.content_type;
    return upload;
  }
  auto parts = form_parts(call.fields);
  const std::string named = file_name(download.headers);
  parts.push_back({.name = call.form_name,
                   .content = download.body,
                   .filename = named.empty() ? "file" : named,
                   .content_type = download.content_type.empty() ? "application/octet-stream" : download.content_type});
  FormBody encoded = encode_form(parts, idempotency_key);
  upload.body = std::move(encoded.body);
  upload.content_type = std::move(encoded.content_type);
  return upload;
}

bool is_safe_method(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::string url_of(const RequestCall& call) {
  if (call.query.empty()) return call.target;
  const std::size_t hash = std::min(call.target.find('#'), call.target.size());
  const char joint = call.target.find('?') < hash ? '&' : '?';
  return call.target.substr(0, hash) + joint + query_text(call.query);
}

std::string title_of(const RequestCall& call) {
  return call.method + ' ' + call.target.substr(0, call.target.find_first_of("?#"));
}

}  // namespace formulary::plan
