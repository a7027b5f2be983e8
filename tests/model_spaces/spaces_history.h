#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "model_spaces/spaces_model.h"
#include "model_spaces/spaces_place.h"

namespace kronborg::model_spaces {

struct Answer {
  int status = 0;
  boost::json::object body = {};
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::int64_t number(std::string_view name) const;
  [[nodiscard]] std::string etag() const { return tag; }
  std::string tag = {};
};

/// One random history of agents in spaces, told to the product and to the model alike. Failures are
/// reported through GoogleTest.
class History {
 public:
  History(std::filesystem::path folder, std::string url, std::uint32_t seed);
  void run(int steps);
  /// How often each thing was done with which answer.
  [[nodiscard]] const std::map<std::string, int>& answers() const { return answers_; }

 private:
  struct Sent {
    std::string method = {}, path = {}, body = {}, if_match = {}, idempotency = {}, join_token = {};
  };
  Answer ask(const Sent& sent, const std::string& key);
  /// `wanted` is the code that the model says, empty: success. Whether it was that and a success.
  bool expect(const Answer& answer, const std::string& what, const std::string& wanted);

  void step();
  void create();
  void invite();
  void join();
  void poll();
  void approve();
  void deny();
  void kick();
  void mute();
  void unmute();
  void reissue();
  void leave();
  void rotate();
  void revoke_key();
  void revoke_invitation();
  void send();
  void redact();
  void create_artifact();
  void write_artifact();
  void delete_artifact();
  void lock();
  void unlock();
  void close();
  void step_clock();
  void restart();

  void check();
  void check_keys(std::size_t one_in);
  void check_messages(std::size_t space);
  void check_people(std::size_t space);
  void check_artifacts(std::size_t space);

  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  /// A key that some agent holds, dead ones too; a good one mostly.
  std::size_t any_key(std::string_view type = {});
  /// A participant that the key's owner might name; mostly of its own space.
  Participant any_person(std::size_t space);
  std::size_t any_space(std::size_t mostly) {
    return one_in(25) ? below(model_.spaces.size()) : mostly;
  }
  /// What a route for these types answers before anything else; empty: goes on.
  std::string refused(const Key& key, std::size_t space, std::string_view types, bool speaks);
  /// Deleted ones too; nullptr: the space has had none.
  Artifact* any_artifact(std::size_t space);
  /// Puts a condition on a write, good or not; the code with which the model refuses it.
  std::string condition(const Artifact* artifact, const Key& key, Sent& sent,
                        boost::json::object& body);
  Key* any_live_key(std::size_t space, bool owner);
  std::string path(std::size_t space, const std::string& below) const {
    return "/oresundspace/space/" + model_.spaces[space].id + below;
  }
  void add_key(std::string text, std::string id, std::string type, std::size_t space,
               std::string holder, std::optional<std::int64_t> life_ms);
  void add_invitation(std::size_t space, const Answer& answer, Invitation invitation);
  void replace_invitation(std::size_t space, const Invitation& old, const boost::json::object& by);
  std::string unknown_id();
  std::string new_token();

  std::filesystem::path folder_;
  std::string url_;
  std::mt19937 random_;
  SetClock clock_;
  std::unique_ptr<Place> place_;
  Model model_;
  std::map<std::string, int> answers_;
  int names_ = 0;
  int step_ = 0;
};

}  // namespace kronborg::model_spaces
