#include <gmock/gmock.h>

#include <optional>

#include "tests/host/element/instances_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class InstanceCreation : public InstancesTest {};

TEST_F(InstanceCreation, ShowsTheInstanceInThePlatformsShape) {
  const json::value shown = create();
  const std::string token(shown.at("token").as_string());
  EXPECT_EQ(token.size(), 44U);
  EXPECT_EQ(shown.at("id"), 1);
  EXPECT_EQ(shown.at("name"), "Acme");
  EXPECT_EQ(shown.at("createdDate"), "2018-04-04T20:44:36Z");
  EXPECT_EQ(shown.at("element").at("key"), "crm");
  EXPECT_EQ(shown.at("element").at("hub"), "sales");
  EXPECT_EQ(shown.at("elementId"), shown.at("element").at("id"));
  EXPECT_EQ(shown.at("tags"), json::array{"Docs"});
  EXPECT_EQ(shown.at("valid"), true);
  EXPECT_EQ(shown.at("disabled"), false);
  EXPECT_EQ(shown.at("externalAuthentication"), "none");
  EXPECT_EQ(shown.at("account").at("name"), "Acme Ltd");
  EXPECT_EQ(shown.at("plan"), "gold");
  const json::value configuration = {{"api.key", "********"}, {"base.url", "https://crm.example"}};
  EXPECT_EQ(shown.at("configuration"), configuration);
}

TEST_F(InstanceCreation, StoresTheSecretsApartAndTheTokenThatItShowed) {
  const json::object shown = create();
  const auto stored = store.instance(1);
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->token, std::string(shown.at("token").as_string()));
  EXPECT_EQ(parse_json(stored->secrets, "secrets").at("configuration").at("api.key"),
            json::string(api_key.data(), api_key.size()));
  EXPECT_FALSE(Redactor({std::string(api_key)}).finds_secret(stored->document)) << stored->document;
  EXPECT_THAT(stored->document, Not(HasSubstr(stored->token)));
}

TEST_F(InstanceCreation, HandsThePluginTheDocumentWithTheSecretInClear) {
  create();
  ASSERT_THAT(script->documents, SizeIs(1));
  const json::value opened = parse_json(script->documents[0], "document");
  EXPECT_EQ(opened.at("configuration").at("api.key"), json::string(api_key.data(), api_key.size()));
  EXPECT_EQ(opened.at("account").at("id"), "a-1");
  EXPECT_FALSE(opened.as_object().contains("token")) << "a vendor needs no token of ours";
  EXPECT_EQ(script->closed, 1) << "the handle that proved the document is closed again";
}

TEST_F(InstanceCreation, GivesEveryHookARedactorThatKnowsTheSecrets) {
  const auto check = [](const CallContext& context) {
    ASSERT_NE(context.redactor, nullptr);
    EXPECT_EQ(context.redactor->redact("bad key k3y/with+odd\"letters"), "bad key ********");
  };
  int hooks = 0;
  script->authenticate = [&](const CallContext& context, std::string_view) {
    check(context);
    ++hooks;
    return std::string("{}");
  };
  script->parse_instance = [&](const CallContext& context, std::string_view answer) {
    check(context);
    ++hooks;
    return std::string(answer);
  };
  script->open_instance = [&](const CallContext& context, std::string_view) {
    check(context);
    ++hooks;
  };
  create();
  EXPECT_EQ(hooks, 3);
}

TEST_F(InstanceCreation, KeepsWhatThePlatformSaysAndItsTokenInPlatformMode) {
  script->authenticate = [](const CallContext&, std::string_view) {
    return std::string(
        R"({"id": 12345, "token": "ABC/Dplatform-token=", "name": "Theirs", "valid": true, "elementId": 6159,
        "element": {"id": 6159, "key": "crm"}, "user": {"id": 7, "emailAddress": "c@example.com"},
        "configuration": {"verbose": "true", "hidden.by.them": "x", "pin": "7777777"}})");
  };
  const json::value shown = create(acme_draft(), {.mode = ConnectMode::platform,
                                                  .base_url = "https://platform.example",
                                                  .authorization = "User u-secret, Organization o-secret"});
  EXPECT_EQ(shown.at("id"), 1) << "ids are this host's";
  EXPECT_EQ(shown.at("token"), "ABC/Dplatform-token=");
  EXPECT_EQ(shown.at("name"), "Acme");
  EXPECT_EQ(shown.at("elementId"), 6159);
  EXPECT_EQ(shown.at("user").at("id"), 7);
  const json::value platform = {{"id", 12345}, {"url", "https://platform.example"}};
  EXPECT_EQ(shown.at("platform"), platform);
  const json::value configuration = {
      {"api.key", "********"}, {"base.url", "https://crm.example"}, {"verbose", "true"}, {"pin", "********"}};
  EXPECT_EQ(shown.at("configuration"), configuration);
  ASSERT_THAT(script->documents, SizeIs(1));
  EXPECT_EQ(parse_json(script->documents[0], "document").at("token"), "ABC/Dplatform-token=");
  EXPECT_EQ(parse_json(script->documents[0], "document").at("configuration").at("pin"), "7777777");
}

struct WrongDraft {
  const char* why;
  std::function<void(InstanceDraft&)> spoil;
  ErrorCode code;
  const char* part;
};

class WrongDrafts : public InstancesTest, public ::testing::WithParamInterface<WrongDraft> {};

TEST_P(WrongDrafts, AreRefusedBeforeTheVendorIsAsked) {
  InstanceDraft draft = acme_draft();
  GetParam().spoil(draft);
  EXPECT_THAT([&] { create(draft); }, throws_error(GetParam().code, GetParam().part));
  EXPECT_EQ(script->asked, 0);
  EXPECT_THAT(store.instances(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Faults, WrongDrafts,
    ::testing::Values(
        WrongDraft{"UnknownElement", [](InstanceDraft& draft) { draft.element_key = "crn"; }, ErrorCode::not_found,
                   "element 'crn'"},
        WrongDraft{"NoName", [](InstanceDraft& draft) { draft.name.clear(); }, ErrorCode::bad_input, "name: missing"},
        WrongDraft{"LongName", [](InstanceDraft& draft) { draft.name.assign(256, 'a'); }, ErrorCode::bad_input,
                   "name: longer than 255"},
        WrongDraft{"NameWithControl", [](InstanceDraft& draft) { draft.name = "a\x1b[31m"; }, ErrorCode::bad_input,
                   "name: not printable"},
        WrongDraft{"NameNotUtf8", [](InstanceDraft& draft) { draft.name = "\xff"; }, ErrorCode::bad_input,
                   "name: not printable"},
        WrongDraft{"EmptyTag", [](InstanceDraft& draft) { draft.tags = {""}; }, ErrorCode::bad_input, "tags: missing"},
        WrongDraft{"TooManyTags", [](InstanceDraft& draft) { draft.tags.assign(65, "t"); }, ErrorCode::bad_input,
                   "tags: more than 64"},
        WrongDraft{"UnknownEntry", [](InstanceDraft& draft) { draft.configuration["api.kye"] = "x"; },
                   ErrorCode::bad_input,
                   "configuration.api.kye: element 'crm' has no such entry, the nearest is 'api.key'; `formulary "
                   "elements show crm`"},
        WrongDraft{"RequiredMissing", [](InstanceDraft& draft) { draft.configuration.erase("api.key"); },
                   ErrorCode::bad_input,
                   "configuration.api.key: missing (API key: The key of an API user); `formulary elements show crm`"},
        WrongDraft{"RequiredEmpty", [](InstanceDraft& draft) { draft.configuration["api.key"] = ""; },
                   ErrorCode::bad_input, "configuration.api.key: missing"},
        WrongDraft{"RequiredNull", [](InstanceDraft& draft) { draft.configuration["api.key"] = nullptr; },
                   ErrorCode::bad_input, "configuration.api.key: missing"},
        WrongDraft{"SecretOfWrongType", [](InstanceDraft& draft) { draft.configuration["api.key"] = json::array{"k"}; },
                   ErrorCode::bad_input, "configuration.api.key: neither a text nor a number"},
        WrongDraft{"WrongBoolean", [](InstanceDraft& draft) { draft.configuration["verbose"] = "yes"; },
                   ErrorCode::bad_input, "configuration.verbose: neither true nor false"},
        WrongDraft{"LongValue", [](InstanceDraft& draft) { draft.configuration["base.url"] = std::string(65537, 'x'); },
                   ErrorCode::bad_input, "configuration.base.url: longer than 64 KiB"},
        WrongDraft{"SecretInName", [](InstanceDraft& draft) { draft.name = "x k3y/with+odd\"letters"; },
                   ErrorCode::bad_input, "a secret of the configuration is repeated"},
        WrongDraft{
            "SecretInAnotherEntry",
            [](InstanceDraft& draft) { draft.configuration["base.url"] = "https://u:k3y%2Fwith%2Bodd%22letters@x"; },
            ErrorCode::bad_input, "a secret of the configuration is repeated"}),
    [](const auto& test) { return test.param.why; });

struct HookFault {
  const char* why;
  std::function<void(CrmScript&)> spoil;
  ErrorCode code;
  const char* part;
};

class HookFaults : public InstancesTest, public ::testing::WithParamInterface<HookFault> {};

TEST_P(HookFaults, LeaveNothingStoredAndShowNoSecret) {
  GetParam().spoil(*script);
  EXPECT_THAT([&] { create(); }, throws_error(GetParam().code, GetParam().part));
  EXPECT_THAT(store.instances(), IsEmpty());
  try {
    create();
  } catch (const Error& error) {
    EXPECT_FALSE(Redactor({std::string(api_key)}).finds_secret(error.what())) << error.what();
  }
  EXPECT_EQ(script->opened, script->closed);
}

CrmScript::Hook failing(ErrorCode code, const char* message) {
  return [code, message](const CallContext&, std::string_view) -> std::string {
    throw PluginError(code, message, {.plugin_code = "crm.fault"});
  };
}

CrmScript::Hook saying(std::string text) {
  return [text](const CallContext&, std::string_view) { return text; };
}

INSTANTIATE_TEST_SUITE_P(
    Faults, HookFaults,
    ::testing::Values(
        HookFault{"SerializeFails",
                  [](CrmScript& script) { script.serialize_config = failing(ErrorCode::bad_input, "crm: no"); },
                  ErrorCode::bad_input, "crm: no"},
        HookFault{"SerializeWritesNoJson",
                  [](CrmScript& script) { script.serialize_config = saying("k3y/with+odd\"letters"); },
                  ErrorCode::plugin_failed, "serialize_config"},
        HookFault{"SerializeWritesAnArray", [](CrmScript& script) { script.serialize_config = saying("[]"); },
                  ErrorCode::plugin_failed, "serialize_config: what it wrote is no JSON object"},
        HookFault{"SerializeWritesNoConfiguration", [](CrmScript& script) { script.serialize_config = saying("{}"); },
                  ErrorCode::plugin_failed, "no object `configuration`"},
        HookFault{
            "AuthenticateFails",
            [](CrmScript& script) { script.authenticate = failing(ErrorCode::unauthenticated, "crm: wrong key"); },
            ErrorCode::unauthenticated, "crm: wrong key"},
        HookFault{
            "ParseFails",
            [](CrmScript& script) { script.parse_instance = failing(ErrorCode::vendor_failed, "crm: no account"); },
            ErrorCode::vendor_failed, "crm: no account"},
        HookFault{"ParseWritesNoJson", [](CrmScript& script) { script.parse_instance = saying("{"); },
                  ErrorCode::plugin_failed, "parse_instance: line 1, column 2"},
        HookFault{"ParseLeaksTheSecret",
                  [](CrmScript& script) { script.parse_instance = saying(R"({"used": "k3y/with+odd\"letters"})"); },
                  ErrorCode::plugin_failed, "wrote a secret outside"},
        HookFault{"ParseLeaksTheSecretInBase64",
                  [](CrmScript& script) {
                    script.parse_instance = saying(R"({"h": "Basic dTprM3kvd2l0aCtvZGQibGV0dGVycw=="})");
                  },
                  ErrorCode::plugin_failed, "wrote a secret outside"},
        HookFault{"OpenFails",
                  [](CrmScript& script) {
                    script.open_instance = [](const CallContext&, std::string_view) {
                      throw PluginError(ErrorCode::bad_input, "crm: base.url", {});
                    };
                  },
                  ErrorCode::bad_input, "crm: base.url"}),
    [](const auto& test) { return test.param.why; });

TEST_F(InstanceCreation, APlatformsAnswerNeedsIdAndToken) {
  const Connection platform = {
      .mode = ConnectMode::platform, .base_url = "https://p", .authorization = "User uuuu, Organization oooo"};
  script->authenticate = saying(R"({"token": "t"})");
  EXPECT_THAT([&] { create(acme_draft(), platform); }, throws_error(ErrorCode::plugin_failed, "no id"));
  script->authenticate = saying(R"({"id": 1, "token": ""})");
  EXPECT_THAT([&] { create(acme_draft(), platform); }, throws_error(ErrorCode::plugin_failed, "no token"));
  script->authenticate = saying(R"({"id": 1, "token": "the-token", "again": "the-token"})");
  EXPECT_THAT([&] { create(acme_draft(), platform); },
              throws_error(ErrorCode::plugin_failed, "wrote a secret outside"));
  script->authenticate = saying(R"({"id": 1, "token": "the-token", "user": {"secret": "uuuu"}})");
  EXPECT_THAT([&] { create(acme_draft(), platform); },
              throws_error(ErrorCode::plugin_failed, "wrote a secret outside"));
  EXPECT_THAT(store.instances(), IsEmpty());
}

TEST_F(InstanceCreation, AVendorsAnswerDoesNotReplaceWhatIsTheHosts) {
  script->authenticate = saying(R"({"id": 99, "token": "vendor", "name": "Theirs", "tags": ["x"], "disabled": true,
      "user": {"id": 5}, "platform": {"id": 4}, "createdDate": "1970"})");
  const json::value shown = create();
  EXPECT_EQ(shown.at("id"), 1);
  EXPECT_NE(shown.at("token"), "vendor");
  EXPECT_EQ(shown.at("name"), "Acme");
  EXPECT_EQ(shown.at("disabled"), false);
  EXPECT_EQ(shown.at("user").at("id"), 1);
  EXPECT_EQ(shown.at("createdDate"), "2018-04-04T20:44:36Z");
  EXPECT_FALSE(shown.as_object().contains("platform"));
}

TEST_F(InstanceCreation, ANameIsTakenOncePerElementAndAskedBeforeTheVendor) {
  create();
  EXPECT_THAT([&] { create(); }, throws_error(ErrorCode::conflict, "with id 1; choose another name"));
  EXPECT_EQ(script->asked, 1);
}

TEST_F(InstanceCreation, AFailingStoreIsToldAsSuch) {
  store.write_failure = Error(ErrorCode::store_failed, "the disk is full");
  EXPECT_THAT([&] { create(); }, throws_error(ErrorCode::store_failed, "the disk is full"));
  EXPECT_EQ(script->opened, script->closed);
}

}  // namespace
}  // namespace formulary::testing
