#include "app/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "app/settings.h"
#include "base/encoding.h"
#include "base/file.h"
#include "identity/app_attest.h"
#include "support/temporary_folder.h"

namespace kronborg::app {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

Environment environment(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

class ConfigTest : public testing::Test {
 protected:
  std::filesystem::path write(std::string_view text) {
    const auto file = folder_.path() / "config.toml";
    EXPECT_TRUE(base::replace_file(file, text));
    return file;
  }
  base::Result<Config> load(std::string_view text, Variables variables = {}) {
    return Config::load(write(text), true, environment(std::move(variables)));
  }
  /// The error of a configuration that must be refused.
  std::string refusal(std::string_view text) {
    const auto config = load(text);
    if (!config) return config.error().message + " | " + std::string(config.error().next_step());
    const auto settings = settle(*config);
    if (settings) return "accepted";
    EXPECT_EQ(settings.error().code, base::Code::config_invalid);
    return settings.error().message + " | " + std::string(settings.error().next_step());
  }

  support::TemporaryFolder folder_;
};

TEST_F(ConfigTest, AnOptionOverridesTheEnvironmentWhichOverridesTheFile) {
  auto config =
      load("[log]\nlevel = \"warn\"\nformat = \"json\"\n", {{"KRONBORG_LOG_LEVEL", "debug"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->text("log.level"), "debug");
  EXPECT_EQ(config->source("log.level"), "environment KRONBORG_LOG_LEVEL");
  EXPECT_TRUE(config->source("log.format").ends_with("config.toml:3"));
  EXPECT_EQ(config->source("gate.timeout_s"), "default");
  ASSERT_TRUE(config->set("log.level", std::string("error"), "option --log-level"));
  EXPECT_EQ(config->text("log.level"), "error");
}

TEST_F(ConfigTest, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_TRUE(
      refusal("[gate]\ntimeout = 1\n").ends_with("config.toml:2 | did you mean gate.timeout_s?"))
      << refusal("[gate]\ntimeout = 1\n");
  EXPECT_NE(refusal("[gate]\nbody_limit_bytes = \"big\"\n").find("must be a number"),
            std::string::npos);
  EXPECT_NE(refusal("[gate]\nbody_limit_bytes = -1\n").find("0 or more"), std::string::npos);
  EXPECT_NE(refusal("[http]\nlisten = \"127.0.0.1:1\"\n").find("list"), std::string::npos);
  EXPECT_NE(refusal("[[gate.upstream]]\npath = \"/x\"\n").find("has no url"), std::string::npos);
  EXPECT_NE(refusal("[limits]\nsource = [0, 60]\n").find("two numbers"), std::string::npos);
  EXPECT_NE(refusal("[limits]\nsource = 60\n").find("two numbers"), std::string::npos);
  EXPECT_NE(refusal("[gate\n").find("config.toml:1"), std::string::npos);
}

TEST_F(ConfigTest, SecretsComeFromElsewhereAndAreNotShown) {
  const auto config = load(
      "[[gate.upstream]]\nurl = \"http://127.0.0.1:1\"\nauthorization = \"Bearer canary\"\n"
      "[store]\nurl = \"postgresql://u:canary@localhost/k\"\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(base::to_text(config->view()).find("canary"), std::string::npos);
  const auto from_environment =
      resolve_secret("env:UPSTREAM_KEY", environment({{"UPSTREAM_KEY", "s3"}}));
  ASSERT_TRUE(from_environment);
  EXPECT_EQ(from_environment->reveal(), "s3");
  const auto file = folder_.path() / "key";
  ASSERT_TRUE(base::replace_file(file, "of a file\n"));
  EXPECT_EQ(resolve_secret("file:" + file.string(), environment({}))->reveal(), "of a file");
  EXPECT_FALSE(resolve_secret("env:NOT_THERE", environment({})));
}

TEST_F(ConfigTest, TheTemplateIsAConfigurationThatChangesNothing) {
  const auto config = load(config_template());
  ASSERT_TRUE(config);
  for (const auto& key : config_keys()) {
    EXPECT_EQ(config->source(std::string(key.section) + "." + std::string(key.key)), "default");
  }
}

TEST_F(ConfigTest, PlacesFollowTheUsualVariables) {
  EXPECT_EQ(*data_folder(environment({{"KRONBORG_HOME", "/a"}, {"HOME", "/h"}})), "/a");
  EXPECT_EQ(*data_folder(environment({{"XDG_DATA_HOME", "/d"}, {"HOME", "/h"}})), "/d/kronborg");
  EXPECT_EQ(*data_folder(environment({{"HOME", "/h"}})), "/h/.local/share/kronborg");
  EXPECT_FALSE(data_folder(environment({})));
  EXPECT_EQ(config_file(environment({{"HOME", "/h"}})), "/h/.config/kronborg/config.toml");
}

TEST_F(ConfigTest, ExposureNeedsProtection) {
  EXPECT_NE(refusal("[http]\nlisten = [\"0.0.0.0:1337\"]\n").find("beyond loopback"),
            std::string::npos);
  EXPECT_NE(refusal("[http]\nprofile = \"lan\"\n").find("needs TLS"), std::string::npos);
  EXPECT_NE(refusal("[http]\nprofile = \"public\"\npublic_origin = \"https://a.example\"\n")
                .find("needs TLS"),
            std::string::npos);
  EXPECT_EQ(
      refusal("[http]\nprofile = \"lan\"\nallow_plain_lan = true\nlisten = [\"192.0.2.1:80\"]\n"),
      "accepted");
  EXPECT_EQ(refusal("[http]\nprofile = \"public\"\npublic_origin = \"https://a.example\"\n"
                    "trusted_proxies = [\"127.0.0.1\"]\n"),
            "accepted");
  EXPECT_NE(refusal("[http]\nprofile = \"public\"\ntrusted_proxies = [\"127.0.0.1\"]\n")
                .find("public_origin"),
            std::string::npos);
  EXPECT_NE(refusal("[http]\npublic_origin = \"https://a.example/path\"\n").find("not an origin"),
            std::string::npos);
  EXPECT_NE(
      refusal("[http]\nprofile = \"lan\"\nallow_plain_lan = true\nlisten = [\"192.0.2.1:80\"]\n"
              "[gate]\ntrust_loopback = true\n")
          .find("trust_loopback"),
      std::string::npos);
}

TEST_F(ConfigTest, HostNamesAreThoseOfTheOriginTheListenersAndTheConfiguration) {
  const auto config = load("[http]\nallowed_hosts = [\"box.local\", \"other:8443\"]\n");
  ASSERT_TRUE(config);
  const auto settings = settle(*config);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->origin, "http://localhost:1337");
  for (const auto* host : {"localhost:1337", "LOCALHOST:1337", "127.0.0.1:1337", "[::1]:1337",
                           "box.local", "box.local:9", "other:8443"}) {
    EXPECT_TRUE(settings->hosts.allows(host)) << host;
  }
  for (const auto* host :
       {"localhost", "localhost:1338", "127.0.0.1", "attacker.example", "other", "other:80", "",
        "localhost:1337.attacker.example", "box.local.attacker.example"}) {
    EXPECT_FALSE(settings->hosts.allows(host)) << host;
  }
}

TEST_F(ConfigTest, AudiencesOfTokensAreHostNamesWithTheirPorts) {
  const auto config = load(
      "[http]\nlisten = [\"127.0.0.1:1337\", \"127.0.0.1:8080\"]\n"
      "allowed_hosts = [\"Box.local\", \"other:8443\", \"[2001:db8::1]\"]\n");
  ASSERT_TRUE(config);
  const auto hosts = settle(*config)->tokens.hosts;
  for (const char* host :
       {"localhost:1337", "localhost:8080", "127.0.0.1:1337", "[::1]:1337", "box.local",
        "box.local:1337", "box.local:8080", "other:8443", "[2001:db8::1]", "[2001:db8::1]:1337"}) {
    EXPECT_NE(std::ranges::find(hosts, host), hosts.end()) << host;
  }
  for (const char* host : {"localhost", "box.local:9", "other", "other:1337", "other:8443:1337"}) {
    EXPECT_EQ(std::ranges::find(hosts, host), hosts.end()) << host;
  }
}

TEST_F(ConfigTest, DevicesAreHeldToWhatIsConfigured) {
  const auto standard = settle(*load(""));
  ASSERT_TRUE(standard);
  EXPECT_FALSE(standard->devices.allow_unattested);
  EXPECT_FALSE(standard->tokens.allow_unattested);
  EXPECT_TRUE(standard->devices.apple_app_ids.empty());
  EXPECT_EQ(standard->devices.apple_environments,
            std::vector{identity::AppleEnvironment::production});
  EXPECT_TRUE(standard->devices.tpm_ek_roots.empty());

  const auto root = folder_.path() / "root.pem";
  std::string pem = base::base64(identity::apple_app_attest_root().der());
  for (std::size_t at = 64; at < pem.size(); at += 65) pem.insert(at, 1, '\n');
  pem = "-----BEGIN CERTIFICATE-----\n" + pem + "\n-----END CERTIFICATE-----\n";
  ASSERT_TRUE(base::replace_file(root, pem));
  const std::string roots = "tpm_ek_roots = [\"" + root.string() + "\"]\n";
  const auto chosen = settle(
      *load("[devices]\nallow_unattested = true\napple_app_ids = [\"ABCDE12345.com.example.app\"]\n"
            "apple_environments = [\"production\", \"development\"]\n" +
            roots));
  ASSERT_TRUE(chosen);
  EXPECT_TRUE(chosen->devices.allow_unattested);
  EXPECT_TRUE(chosen->tokens.allow_unattested);
  EXPECT_EQ(chosen->devices.apple_environments.size(), 2U);
  EXPECT_EQ(chosen->devices.tpm_ek_roots.size(), 1U);

  EXPECT_NE(refusal("[devices]\napple_app_ids = [\"bundle\"]\n").find("apple_app_ids"),
            std::string::npos);
  EXPECT_NE(refusal("[devices]\napple_environments = [\"test\"]\n").find("production"),
            std::string::npos);
  EXPECT_NE(refusal("[devices]\ntpm_ek_roots = [\"/not/there\"]\n").find("tpm_ek_roots"),
            std::string::npos);
  ASSERT_TRUE(base::replace_file(root, "no certificate"));
  EXPECT_NE(refusal("[devices]\n" + roots).find("PEM"), std::string::npos);
}

}  // namespace
}  // namespace kronborg::app
