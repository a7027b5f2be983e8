#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/router.h"
#include "base/error.h"
#include "base/secret.h"
#include "pairing/endpoints.h"

namespace kronborg::api {

/// The public routes of docs/protocol/pairing.md.
enum class PairingRoute : std::uint8_t { challenge, pair, hello, code, confirm, unpair, invite };

struct PairingRouteFacts {
  std::string_view path;  ///< after the normalisation of docs/protocol/identity.md section 9
  std::string_view method;
  bool phone_form = false;  ///< which form an error has
};
const PairingRouteFacts& facts(PairingRoute route);
/// `path`: normalised. Nothing: another path.
std::optional<PairingRoute> pairing_route(std::string_view path);

/// A request to one of them.
struct PairingCall {
  std::string source_address, request_id;
  bool relayed = false;  ///< it carries X-Osaurus-Relay-Origin
  std::string query;
  base::SecretText body;
  SharedSecret bearer;  ///< for unpair; null when none was sent
};

/// An answer. Where `key_id` is set, it holds a key that was just minted and is kept only when it
/// was delivered.
struct PairingReply {
  Response response;
  std::optional<std::string> key_id = {};
};

/// Answers them: the checks are those of the pairing folder, the forms are made here. Thread-safe;
/// calls block.
class PairingDoor {
 public:
  PairingDoor(pairing::Endpoints& endpoints, const authority::Parts& authority)
      : endpoints_(endpoints), authority_(authority) {}

  /// Every route but `pair`.
  PairingReply answer(PairingRoute route, const PairingCall& call);
  /// `pair`, in two steps: between them the owner decides.
  base::Result<pairing::Asked> ask(const PairingCall& call, pairing::Requests::Decided decided);
  PairingReply answer(const pairing::Asked& asked, const pairing::Decision& decision);
  /// The connector left, or the host stops, before anybody has decided.
  void withdraw(const pairing::Asked& asked);
  /// The answer did not reach whom it was for. Error: those of the store.
  base::Result<void> undelivered(const PairingCall& call, std::string_view key_id);

  static Response refusal(PairingRoute route, const base::Error& error);
  /// 413; `size` of the body, in bytes.
  static Response too_large(std::size_t size);

 private:
  PairingReply unpair(const PairingCall& call);

  pairing::Endpoints& endpoints_;
  const authority::Parts& authority_;
};

}  // namespace kronborg::api
