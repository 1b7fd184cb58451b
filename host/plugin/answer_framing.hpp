/// \file
/// What invoke() writes: one JSON head, a newline, the body's bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "host/plugin/element_plugin.hpp"

namespace formulary {

inline constexpr std::size_t answer_head_max = 64U << 10U;

/// Takes `framed` apart:
///
///   {"status":200,"headers":{"X-Total":"7"},"contentType":"application/json","nextPage":"...","retryAttempts":0}
///   ...the body's bytes
///
/// Only status is required; the body is not looked at. Throws Error(plugin_failed), the sentence begun with `where`, on
/// anything else: no newline within 64 KiB, a status outside 100..599, a header that could split an answer in two.
[[nodiscard]] ResourceAnswer parse_answer(std::string framed, const std::string& where);
/// The same of an answer that is in a spool; the body stays there.
[[nodiscard]] ResourceAnswer parse_answer(std::shared_ptr<Spool> framed, const std::string& where);

}  // namespace formulary
