#include "host/store/vault.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

SecretKey key_of(char fill) {
  std::string bytes(SecretKey::size, fill);
  return SecretKey(bytes);
}

constexpr Vault::Place place{.purpose = "instance.secrets", .id = 7};

TEST(Vault, OpensWhatItSealed) {
  const Vault vault(key_of('k'));
  for (const std::string& plain : {std::string(), std::string("x"), std::string(100'000, '\0')}) {
    EXPECT_EQ(vault.open(vault.seal(plain, place), place), plain);
  }
}

TEST(Vault, RefusesEveryOneBitChange) {
  const Vault vault(key_of('k'));
  const std::string sealed = vault.seal("the secret", place);
  for (std::size_t byte = 0; byte < sealed.size(); ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string changed = sealed;
      changed[byte] = static_cast<char>(static_cast<unsigned char>(changed[byte]) ^ (1U << bit));
      EXPECT_THAT([&] { (void)vault.open(changed, place); },
                  throws_error(ErrorCode::store_failed, "instance.secrets of 7"))
          << "byte " << byte << " bit " << bit;
    }
  }
}

TEST(Vault, RefusesEveryOtherLength) {
  const Vault vault(key_of('k'));
  const std::string sealed = vault.seal("the secret", place);
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_THAT([&] { (void)vault.open(sealed.substr(0, length), place); },
                throws_error(ErrorCode::store_failed, "vault"));
  }
  EXPECT_THAT([&] { (void)vault.open(sealed + "x", place); },
              throws_error(ErrorCode::store_failed, "changed or moved"));
}

TEST(Vault, BindsARecordToItsPlace) {
  const Vault vault(key_of('k'));
  const std::string sealed = vault.seal("the secret", place);
  for (const Vault::Place& other :
       {Vault::Place{.purpose = "instance.secrets", .id = 8}, Vault::Place{.purpose = "instance.token", .id = 7},
        Vault::Place{.purpose = "instance.secret", .id = 7}}) {
    EXPECT_THAT([&] { (void)vault.open(sealed, other); }, throws_error(ErrorCode::store_failed, "changed or moved"));
  }
}

TEST(Vault, TellsAnotherMasterKeyApartFromDamage) {
  const std::string sealed = Vault(key_of('a')).seal("the secret", place);
  EXPECT_THAT([&] { (void)Vault(key_of('b')).open(sealed, place); },
              throws_error(ErrorCode::store_failed, "another master key"));
}

TEST(Vault, NeverSealsTheSameTwiceAlike) {
  const Vault vault(key_of('k'));
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(vault.seal("the secret", place));
  EXPECT_EQ(seen.size(), 100U);
}

TEST(Vault, MixingTheHalvesOfTwoRecordsIsRefused) {
  const Vault vault(key_of('k'));
  constexpr std::size_t header = 1 + 8 + 12 + 32 + 16;
  const std::string one = vault.seal("one", place);
  const std::string two = vault.seal("two", place);
  EXPECT_THAT([&] { (void)vault.open(one.substr(0, header) + two.substr(header), place); },
              throws_error(ErrorCode::store_failed, "changed or moved"));
}

TEST(Vault, AKeyWipesWhatItWasMadeFrom) {
  std::string bytes(SecretKey::size, 'k');
  const SecretKey key(bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(key.view(), std::string(SecretKey::size, 'k'));
  std::string short_one = "short";
  EXPECT_THAT([&] { const SecretKey refused(short_one); }, throws_error(ErrorCode::internal, "32 bytes"));
  EXPECT_TRUE(short_one.empty());
}

}  // namespace
}  // namespace formulary::testing
