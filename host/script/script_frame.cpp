#include "host/script/script_frame.hpp"

#include <utility>
#include <vector>

#include "host/base/error.hpp"

namespace formulary::script_frame {
namespace {

constexpr std::uint8_t flag_ok = 1;
constexpr std::uint8_t flag_last = 2;

class Writer {
 public:
  Writer() : bytes_(prefix_size, '\0') {}

  void number(std::uint64_t value, std::size_t width) {
    for (std::size_t index = 0; index < width; ++index) bytes_.push_back(static_cast<char>(value >> (8 * index)));
  }

  void raw(std::string_view value) { bytes_.append(value); }

  void text(std::string_view value) {
    number(value.size(), 4);
    raw(value);
  }

  void texts(const std::vector<std::string>& values) {
    number(values.size(), 4);
    for (const std::string& value : values) text(value);
  }

  /// Puts the length in front, which is known only now.
  [[nodiscard]] std::string finish() && {
    const std::size_t length = bytes_.size() - prefix_size;
    if (length > UINT32_MAX) throw Error(ErrorCode::limit_reached, "script frame: longer than 4 GiB");
    for (std::size_t index = 0; index < prefix_size; ++index) {
      bytes_[index] = static_cast<char>(length >> (8 * index));
    }
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t index = bytes.size(); index > 0; --index) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[index - 1]);
  }
  return value;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number(std::size_t width) { return read_number(take(width)); }

  std::string text(std::size_t max) {
    const std::uint64_t length = number(4);
    if (length > max) {
      throw Error(ErrorCode::limit_reached,
                  "script frame: a text of " + std::to_string(length) + " bytes; at most " + std::to_string(max));
    }
    return std::string(take(length));
  }

  std::vector<std::string> texts(std::size_t count_max, std::size_t bytes_max) {
    const std::uint64_t count = number(4);
    if (count > count_max) {
      throw Error(ErrorCode::limit_reached,
                  "script frame: " + std::to_string(count) + " texts; at most " + std::to_string(count_max));
    }
    std::vector<std::string> values;
    for (std::uint64_t index = 0; index < count; ++index) {
      values.push_back(text(bytes_max));
      bytes_max -= values.back().size();
    }
    return values;
  }

  void end() const {
    if (!rest_.empty()) {
      throw Error(ErrorCode::bad_input, "script frame: " + std::to_string(rest_.size()) + " bytes are left over");
    }
  }

 private:
  std::string_view take(std::uint64_t length) {
    if (length > rest_.size()) {
      throw Error(ErrorCode::bad_input,
                  "script frame: it ends " + std::to_string(length - rest_.size()) + " bytes before its content does");
    }
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  std::string_view rest_;
};

}  // namespace

std::size_t payload_size(std::string_view prefix, std::size_t max) {
  const std::uint64_t size = read_number(prefix.substr(0, prefix_size));
  if (size > max) {
    throw Error(ErrorCode::limit_reached,
                "script frame: " + std::to_string(size) + " bytes; at most " + std::to_string(max));
  }
  return size;
}

std::string encode(std::string_view payload) {
  Writer writer;
  writer.raw(payload);
  return std::move(writer).finish();
}

std::string encode_request(const ScriptRequest& request) {
  Writer writer;
  writer.number(request.kind == ScriptKind::filter ? 1 : 0, 1);
  writer.number(request.seed, 8);
  writer.number(static_cast<std::uint64_t>(request.now_ms), 8);
  writer.number(static_cast<std::uint64_t>(request.time_limit.count()), 8);
  writer.number(request.output_max, 8);
  writer.text(request.name);
  writer.text(request.body);
  writer.text(request.context);
  return std::move(writer).finish();
}

ScriptRequest parse_request(std::string_view payload) {
  Reader reader(payload);
  ScriptRequest request;
  const std::uint64_t kind = reader.number(1);
  if (kind > 1) throw Error(ErrorCode::bad_input, "script frame: kind " + std::to_string(kind) + " is unknown");
  request.kind = kind == 1 ? ScriptKind::filter : ScriptKind::step;
  request.seed = reader.number(8);
  request.now_ms = static_cast<std::int64_t>(reader.number(8));
  request.time_limit = std::chrono::milliseconds(static_cast<std::int64_t>(reader.number(8)));
  request.output_max = reader.number(8);
  if (request.time_limit.count() < 0 || request.output_max > output_max) {
    throw Error(ErrorCode::limit_reached, "script frame: a limit is out of range");
  }
  request.name = reader.text(request_max);
  request.body = reader.text(request_max);
  request.context = reader.text(request_max);
  reader.end();
  return request;
}

std::string encode_reply(const Reply& reply) {
  Writer writer;
  writer.number((reply.result.ok ? flag_ok : 0U) | (reply.last ? flag_last : 0U), 1);
  writer.text(reply.result.value);
  writer.text(reply.result.error);
  writer.text(reply.result.error_code);
  writer.texts(reply.result.console);
  writer.texts(reply.result.notify);
  return std::move(writer).finish();
}

Reply parse_reply(std::string_view payload) {
  Reader reader(payload);
  Reply reply;
  const std::uint64_t flags = reader.number(1);
  if (flags > (flag_ok | flag_last)) throw Error(ErrorCode::bad_input, "script frame: a flag is unknown");
  reply.result.ok = (flags & flag_ok) != 0;
  reply.last = (flags & flag_last) != 0;
  reply.result.value = reader.text(output_max);
  reply.result.error = reader.text(error_bytes_max);
  reply.result.error_code = reader.text(64);
  reply.result.console = reader.texts(console_lines_max, console_bytes_max);
  reply.result.notify = reader.texts(notify_max, notify_bytes_max);
  reader.end();
  if (reply.result.ok != reply.result.error_code.empty()) {
    throw Error(ErrorCode::bad_input, "script frame: success and failure at once");
  }
  return reply;
}

}  // namespace formulary::script_frame
