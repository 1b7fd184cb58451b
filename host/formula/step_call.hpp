/// \file
/// From a step and what the execution knows to the call that it makes: references replaced, texts checked. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/formula/plan.hpp"

namespace formulary::plan {

/// What distinguishes one run from every other, for keys and seeds.
struct RunIdentity {
  std::string_view execution_id;
  std::string_view step;
  std::uint64_t iteration = 1;  ///< The how manieth run of that step.
};

/// Hexadecimal SHA-256 of the three, 64 digits.
[[nodiscard]] std::string digest_of(const RunIdentity& identity);
/// ScriptCall::seed.
[[nodiscard]] std::uint64_t seed_of(std::string_view digest);

struct CallInputs {
  std::shared_ptr<const Scope> scope;
  std::string_view digest;  ///< Of the run's identity.
  Clock::WallTime script_time;
  std::size_t property_bytes_max = 0;
};

/// Throws Error(bad_input) when a property cannot be used as it turned out: no instance, no URL, a variable without
/// value, control characters; limit_reached beyond the bound; unsupported for kinds of step that make no call (loops,
/// sub-formulas).
///
/// `api` may lack the leading slash and may carry a query. {name} in it is replaced by the member of `path`, encoded as
/// one path segment; `${...}` is put in as it is. `query` and `headers` are objects, JSON text of one, or blank;
/// `query` may be "a=1&b=2" too. A `form` takes the place of the body.
[[nodiscard]] Call make_call(const Formula& formula, const Step& step, const CallInputs& inputs);

/// By what the call shows: its method, or an Idempotency-Key that the template sends. Of a stream: its upload's.
[[nodiscard]] Safety safety_of(const Call& call);
/// The Idempotency-Key header that the template gives; empty if it gives none.
[[nodiscard]] std::string given_key(const Call& call);
/// The second half of a stream, with what the first one brought as its body or as a part of it.
[[nodiscard]] RequestCall upload_of(const StreamCall& call, const Answered& download, std::string_view idempotency_key);
/// From Content-Disposition; empty if it is not said.
[[nodiscard]] std::string file_name(const Headers& headers);

[[nodiscard]] bool is_safe_method(std::string_view method) noexcept;
/// The target with its query.
[[nodiscard]] std::string url_of(const RequestCall& call);
/// "GET /candidates/42": for sentences; without query, which may carry secrets.
[[nodiscard]] std::string title_of(const RequestCall& call);

}  // namespace formulary::plan
