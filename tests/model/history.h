#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "authority/fixture_test.h"
#include "model/model.h"

namespace kronborg::model {

/// One random history, told to the product and to the model alike. After every step both are asked
/// about every key. Failures are reported through GoogleTest.
class History {
 public:
  History(std::filesystem::path folder, std::string url, std::uint32_t seed);

  void run(int steps);
  /// How often each answer was given: a history that never reached one proves nothing about it.
  [[nodiscard]] const std::map<std::string, int>& answers() const { return answers_; }

 private:
  struct Live {
    Token token;
    std::string id;  ///< of the record, when minted by the product
    std::string text;
    bool used = false;  ///< accepted since usage was collected
  };
  struct Agent {
    authority::AgentRecord record;
    Address address;
  };
  struct Stranger {
    crypto::PrivateKey key;
    identity::Address address;
  };

  void step();
  void check();

  void mint();
  void mint_elsewhere();
  void sign_for_another();
  void revoke_one();
  void revoke_many();
  void change_whitelist();
  void create_agent();
  void end_agent();
  void import_agent();
  void step_clock();
  void record_usage();
  void restart();

  void open();
  void add(Live live);
  void retire(std::size_t agent);
  std::vector<Token> tokens() const;
  std::uint32_t below(std::size_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  bool coin() { return below(2) == 0; }
  /// The master, an agent or a stranger.
  identity::Address any_issuer();
  identity::Address any_audience();
  std::string new_nonce() { return "n" + std::to_string(below(1'000'000)); }

  std::filesystem::path folder_;
  std::string url_;
  std::mt19937 random_;
  authority::SetClock clock_;
  std::unique_ptr<authority::Place> place_;
  std::unique_ptr<authority::AccessKeys> keys_;
  std::unique_ptr<authority::Verifier> verifier_;
  Model model_;
  identity::Address master_;
  std::vector<Live> live_;
  std::vector<Agent> agents_;
  std::vector<Agent> retired_;
  std::vector<Stranger> strangers_;
  std::map<std::string, int> answers_;
  int names_ = 0;
};

}  // namespace kronborg::model
