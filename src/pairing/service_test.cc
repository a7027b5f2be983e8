#include "pairing/service.h"

#include <map>

#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

TEST(Services, InstancesOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  support::for_each_row(file, "services", [](const object& row) {
    const std::string instance = service_instance(text_of(row, "name"), text_of(row, "id"));
    EXPECT_EQ(instance, text_of(row, "instance"));
    EXPECT_LE(instance.size(), 63U);
  });
}

HostAgent agent_with(std::string description) {
  return {.id = std::string(agent_id),
          .name = "Helsingør",
          .description = std::move(description),
          .address = address(agent_address),
          .shared = true};
}

TEST(Services, DescriptionsOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  support::for_each_row(file, "descriptions", [](const object& row) {
    const auto record = service_txt(agent_with(text_of(row, "input")));
    const std::map<std::string, std::string> named(record.begin(), record.end());
    EXPECT_EQ(named.at("description"), text_of(row, "output"));
  });
}

TEST(Services, SayNoKeyAndNoVersion) {
  const TxtRecord expected{{"name", "Helsingør"},
                           {"id", std::string(agent_id)},
                           {"address", std::string(agent_address)},
                           {"osc", "1"}};
  EXPECT_EQ(service_txt(agent_with("")), expected);
  EXPECT_EQ(phone_service_txt("kronborg"), (TxtRecord{{"name", "kronborg"}, {"v", "1"}}));
  HostAgent dinosaurs = agent_with("");
  dinosaurs.name.clear();
  for (int i = 0; i < 80; ++i) dinosaurs.name += "🦕";
  for (const auto& [name, value] : service_txt(dinosaurs)) {
    EXPECT_LE(name.size() + 1 + value.size(), 255U);
  }
}

TEST(Services, WhatIsFoundIsReadAndNotTrusted) {
  const auto found = read_service_txt(service_txt(agent_with("x")));
  ASSERT_EQ(code_of(found), "ok");
  EXPECT_EQ(found->address, address(agent_address));
  EXPECT_TRUE(found->channel);
  EXPECT_EQ(code_of(read_service_txt({{"osc", "1"}, {"name", "x"}})), "host_not_proven");
  EXPECT_EQ(code_of(read_service_txt({{"osc", "1"}, {"address", "0x12"}})), "host_not_proven");
  const auto old = read_service_txt({{"name", "x"}});
  ASSERT_EQ(code_of(old), "ok");
  EXPECT_FALSE(old->address || old->channel);
}

}  // namespace
}  // namespace kronborg::pairing
