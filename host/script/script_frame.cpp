#include "host/script/script_frame.hpp"

#include <utility>
#include <vector>

#include "host/base/error.hpp"

namespace formulary::script_frame {
namespace {

constexpr std::uint8_t reply_last = 1;
constexpr std::uint8_t reply_more = 2;
constexpr std::uint8_t reply_wants = 4;
constexpr std::uint8_t step_filter = 1;
constexpr std::uint8_t step_returns = 2;
constexpr std::uint64_t no_step = 0xffffffff;

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

void write_step(Writer& writer, const ScriptChain::Step& step) {
  writer.number((step.kind == ScriptKind::filter ? step_filter : 0U) | (step.returns ? step_returns : 0U), 1);
  writer.number(step.seed, 8);
  writer.number(step.on_success.value_or(no_step), 4);
  writer.number(step.on_failure.value_or(no_step), 4);
  writer.text(step.name);
  writer.text(step.body);
}

/// What a job says besides its parts, from a Job or a ScriptChain.
template <class Chain>
void write_head(Writer& writer, const Chain& chain, bool one_by_one) {
  writer.number(one_by_one ? 1 : 0, 1);
  writer.number(static_cast<std::uint64_t>(chain.now_ms), 8);
  writer.number(static_cast<std::uint64_t>(chain.time_limit.count()), 8);
  writer.number(chain.output_max, 8);
  writer.text(chain.version);
  writer.number(chain.steps.size(), 4);
  for (const ScriptChain::Step& step : chain.steps) write_step(writer, step);
}

void write_part(Writer& writer, std::string_view text, std::size_t held) {
  writer.number(held, 4);
  writer.text(text);
}

std::optional<std::size_t> read_next(Reader& reader, std::size_t steps) {
  const std::uint64_t index = reader.number(4);
  if (index == no_step) return std::nullopt;
  if (index >= steps) throw Error(ErrorCode::bad_input, "script frame: a step leads to one that is not there");
  return index;
}

ScriptChain::Step read_step(Reader& reader, std::size_t steps) {
  ScriptChain::Step step;
  const std::uint64_t kind = reader.number(1);
  if (kind > (step_filter | step_returns)) {
    throw Error(ErrorCode::bad_input, "script frame: kind " + std::to_string(kind) + " is unknown");
  }
  step.kind = (kind & step_filter) != 0 ? ScriptKind::filter : ScriptKind::step;
  step.returns = (kind & step_returns) != 0;
  step.seed = reader.number(8);
  step.on_success = read_next(reader, steps);
  step.on_failure = read_next(reader, steps);
  step.name = reader.text(request_max);
  step.body = reader.text(request_max);
  return step;
}

Part read_part(Reader& reader) {
  Part part;
  part.held = reader.number(4);
  part.text = reader.text(request_max);
  if (part.held > request_max || (part.held > 0 && !part.text.empty())) {
    throw Error(ErrorCode::bad_input, "script frame: an input is held back and given at once");
  }
  return part;
}

std::size_t read_count(Reader& reader, std::size_t min, std::size_t max) {
  const std::uint64_t count = reader.number(4);
  if (count < min || count > max) {
    throw Error(ErrorCode::limit_reached, "script frame: " + std::to_string(count) + " entries; " +
                                              std::to_string(min) + " to " + std::to_string(max) + " are allowed");
  }
  return count;
}

void write_result(Writer& writer, const ChainedResult& entry) {
  writer.number(entry.step, 4);
  writer.number(entry.result.ok ? 1 : 0, 1);
  writer.text(entry.result.value);
  writer.text(entry.result.error);
  writer.text(entry.result.error_code);
  writer.texts(entry.result.console);
  writer.texts(entry.result.notify);
}

ChainedResult read_result(Reader& reader) {
  ChainedResult entry;
  entry.step = reader.number(4);
  const std::uint64_t ok = reader.number(1);
  if (ok > 1) throw Error(ErrorCode::bad_input, "script frame: a flag is unknown");
  entry.result.ok = ok == 1;
  entry.result.value = reader.text(output_max);
  entry.result.error = reader.text(error_bytes_max);
  entry.result.error_code = reader.text(64);
  entry.result.console = reader.texts(console_lines_max, console_bytes_max);
  entry.result.notify = reader.texts(notify_max, notify_bytes_max);
  if (entry.result.ok != entry.result.error_code.empty()) {
    throw Error(ErrorCode::bad_input, "script frame: success and failure at once");
  }
  return entry;
}

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

std::string_view part_of(const ScriptInputs& inputs, std::size_t index) {
  const ScriptInputs::Text* text = nullptr;
  if (index == part_trigger) text = &inputs.trigger;
  if (index == part_info) text = &inputs.info;
  if (index == part_config) text = &inputs.config;
  if (index >= part_first_step) text = &inputs.steps.at(index - part_first_step).second;
  return text == nullptr || *text == nullptr ? std::string_view("{}") : std::string_view(**text);
}

std::string encode_request(const ScriptChain& chain, bool one_by_one) {
  Writer writer;
  write_head(writer, chain, one_by_one);
  const std::size_t parts = part_first_step + chain.inputs.steps.size();
  writer.number(parts, 4);
  for (std::size_t index = 0; index < parts; ++index) {
    const std::string_view text = part_of(chain.inputs, index);
    const bool hold = text.size() > part_inline_max;
    write_part(writer, hold ? std::string_view() : text, hold ? text.size() : 0);
    if (index >= part_first_step) writer.text(chain.inputs.steps[index - part_first_step].first);
  }
  return std::move(writer).finish();
}

std::string encode_request(const Job& job) {
  Writer writer;
  write_head(writer, job, job.one_by_one);
  writer.number(job.parts.size(), 4);
  for (std::size_t index = 0; index < job.parts.size(); ++index) {
    write_part(writer, job.parts[index].text, job.parts[index].held);
    if (index >= part_first_step) writer.text(job.step_names[index - part_first_step]);
  }
  return std::move(writer).finish();
}

Job parse_request(std::string_view payload) {
  Reader reader(payload);
  Job job;
  const std::uint64_t flags = reader.number(1);
  if (flags > 1) throw Error(ErrorCode::bad_input, "script frame: a flag is unknown");
  job.one_by_one = flags == 1;
  job.now_ms = static_cast<std::int64_t>(reader.number(8));
  job.time_limit = std::chrono::milliseconds(static_cast<std::int64_t>(reader.number(8)));
  job.output_max = reader.number(8);
  if (job.time_limit.count() < 0 || job.output_max > output_max) {
    throw Error(ErrorCode::limit_reached, "script frame: a limit is out of range");
  }
  job.version = reader.text(request_max);
  const std::size_t steps = read_count(reader, 1, chain_max);
  for (std::size_t index = 0; index < steps; ++index) job.steps.push_back(read_step(reader, steps));
  const std::size_t parts = read_count(reader, part_first_step, parts_max);
  for (std::size_t index = 0; index < parts; ++index) {
    job.parts.push_back(read_part(reader));
    if (index >= part_first_step) job.step_names.push_back(reader.text(request_max));
  }
  reader.end();
  return job;
}

std::string encode_reply(const Reply& reply) {
  Writer writer;
  writer.number((reply.last ? reply_last : 0U) | (reply.more ? reply_more : 0U) | (reply.wanted ? reply_wants : 0U), 1);
  if (reply.wanted) {
    writer.number(*reply.wanted, 4);
    return std::move(writer).finish();
  }
  writer.number(reply.results.size(), 4);
  for (const ChainedResult& entry : reply.results) write_result(writer, entry);
  return std::move(writer).finish();
}

Reply parse_reply(std::string_view payload) {
  Reader reader(payload);
  Reply reply;
  const std::uint64_t flags = reader.number(1);
  // To want something is a message by itself.
  if (flags > reply_wants) throw Error(ErrorCode::bad_input, "script frame: a flag is unknown");
  reply.last = (flags & reply_last) != 0;
  reply.more = (flags & reply_more) != 0;
  if (flags == reply_wants) {
    reply.wanted = reader.number(4);
  } else {
    const std::size_t count = read_count(reader, 1, chain_max);
    for (std::size_t index = 0; index < count; ++index) reply.results.push_back(read_result(reader));
  }
  reader.end();
  return reply;
}

}  // namespace formulary::script_frame
