#include "host/events/poll_url.hpp"

#include <algorithm>
#include <optional>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::events {
namespace {

constexpr std::size_t url_bytes_max = 8U << 10U;
constexpr std::string_view mark = "${";

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::bad_input,
              where + ": " + what +
                  "; descriptors are ${gmtDate:format}, ${date:format}, ${dateTimeZone:zone:format}, ${epoch}, "
                  "${epoch:s} and ${epoch:us}");
}

/// The end of a descriptor that begins at the text's begin. A } in quotes belongs to the date's format.
std::size_t end_of_descriptor(std::string_view text) {
  bool quoted = false;
  for (std::size_t at = mark.size(); at < text.size(); ++at) {
    if (text[at] == '\'') quoted = !quoted;
    if (text[at] == '}' && !quoted) return at;
  }
  return std::string_view::npos;
}

/// Where `separator` stands outside of descriptors; npos if nowhere.
std::size_t find_outside(std::string_view text, char separator) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with(mark)) {
      const std::size_t end = end_of_descriptor(text.substr(at));
      if (end == std::string_view::npos) return std::string_view::npos;
      at += end;
    } else if (text[at] == separator) {
      return at;
    }
  }
  return std::string_view::npos;
}

std::string decoded(std::string_view text, bool in_query) {
  std::string plain(text);
  if (in_query) std::replace(plain.begin(), plain.end(), '+', ' ');
  // Whoever wrote LIKE '%x%' did not encode; then nothing is decoded.
  return percent_decode(plain).value_or(plain);
}

void add_value(json::object& query, const std::string& name, const std::string& value) {
  json::value& at = query[name];
  if (at.is_null()) {
    at = value;
  } else if (at.is_array()) {
    at.get_array().emplace_back(value);
  } else {
    at = json::array{at, json::value(value)};
  }
}

}  // namespace

PollUrl::PollUrl(std::string_view text, const std::string& where) {
  if (text.size() > url_bytes_max) throw Error(ErrorCode::bad_input, where + ": over 8 KiB; shorten it");
  if (!text.starts_with('/')) {
    throw Error(ErrorCode::bad_input, where + ": it does not begin with '/'; write it as /hubs/crm/contacts?where=...");
  }
  const std::size_t question = find_outside(text, '?');
  path_ = pieces_of(text.substr(0, question), false, where);
  std::string_view rest = question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(find_outside(rest, '&'), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    const std::size_t equals = find_outside(parameter, '=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    if (!parameter.empty()) {
      query_.emplace_back(decoded(parameter.substr(0, equals), true), pieces_of(value, true, where));
    }
  }
}

PollUrl::Pieces PollUrl::pieces_of(std::string_view text, bool in_query, const std::string& where) {
  Pieces pieces;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find(mark), text.size());
    if (begin > 0) pieces.push_back({.kind = Piece::Kind::text, .text = decoded(text.substr(0, begin), in_query)});
    text.remove_prefix(begin);
    if (text.empty()) break;
    const std::size_t end = end_of_descriptor(text);
    if (end == std::string_view::npos) refuse(where, "a descriptor does not end");
    pieces.push_back(descriptor(text.substr(mark.size(), end - mark.size()), where));
    text.remove_prefix(end + 1);
  }
  return pieces;
}

PollUrl::Piece PollUrl::descriptor(std::string_view text, const std::string& where) {
  if (text == "epoch" || text == "epoch:ms") return {.kind = Piece::Kind::milliseconds};
  if (text == "epoch:s") return {.kind = Piece::Kind::seconds};
  if (text == "epoch:us") return {.kind = Piece::Kind::microseconds};
  Piece piece{.kind = Piece::Kind::date};
  const auto take = [&text](std::string_view name) {
    if (!text.starts_with(name)) return false;
    text.remove_prefix(name.size());
    return true;
  };
  if (take("dateTimeZone:")) {
    const std::size_t colon = text.find(':');
    const std::optional<TimeZone> zone = java_time_zone(text.substr(0, colon));
    if (!zone || colon == std::string_view::npos) refuse(where, "a descriptor names no time zone and format");
    piece.zone = *zone;
    text.remove_prefix(colon + 1);
  } else if (!take("gmtDate:") && !take("date:")) {
    refuse(where, "there is no descriptor '" + std::string(text.substr(0, 50)) + "'");
  }
  piece.format.emplace_back(text, where);
  return piece;
}

std::string PollUrl::filled(const Pieces& pieces, Moment moment) {
  std::string text;
  for (const Piece& piece : pieces) {
    switch (piece.kind) {
      case Piece::Kind::text:
        text += piece.text;
        break;
      case Piece::Kind::date:
        text += piece.format.front().format(moment, piece.zone);
        break;
      case Piece::Kind::milliseconds:
        text += std::to_string(moment);
        break;
      case Piece::Kind::seconds:
        text += std::to_string(moment / 1'000);
        break;
      case Piece::Kind::microseconds:
        text += std::to_string(moment * 1'000);
        break;
    }
  }
  return text;
}

PollUrl::Target PollUrl::at(Moment last_poll) const {
  Target target{.path = filled(path_, last_poll), .query = {}};
  for (const auto& [name, value] : query_) add_value(target.query, name, filled(value, last_poll));
  return target;
}

bool PollUrl::has_parameter(std::string_view name) const {
  return std::any_of(query_.begin(), query_.end(), [name](const auto& one) { return one.first == name; });
}

}  // namespace formulary::events
