/// \file
/// Who a request is from, by the secrets that the store knows.
#pragma once

#include "host/api/authorizer.hpp"
#include "host/api/guess_guard.hpp"
#include "host/base/clock.hpp"
#include "host/store/identity_store.hpp"

namespace formulary::api {

/// Takes a user's secret with his organization's or with the token of one of his account's instances; or the token of a
/// session, alone or with either. The references outlive it.
///
/// Good secrets are let in at once, whatever failed before: who shares an address with somebody that guesses does not
/// wait. What is slowed down is the answer that tells a guess from a good one.
class IdentityAuthorizer final : public Authorizer {
 public:
  IdentityAuthorizer(const IdentityStore& store, const Clock& clock, GuessGuard& guard)
      : store_(store), clock_(clock), guard_(guard) {}

  [[nodiscard]] Principal authorize(const ApiRequest& request) override;

 private:
  [[nodiscard]] std::optional<Principal> principal_of(const Credentials& credentials) const;

  const IdentityStore& store_;
  const Clock& clock_;
  GuessGuard& guard_;
};

}  // namespace formulary::api
