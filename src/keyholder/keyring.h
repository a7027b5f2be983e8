#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "keyholder/descriptor.h"

namespace kronborg::keyholder {

// The desktop keyring (Secret Service over D-Bus) keeps 32 random bytes per keystore. It is asked
// by a process of its own, `kronborg keyring VERB ITEM`: the holder has no system call that reaches
// a bus, and the process that serves strangers sees neither the bytes nor the library that fetches
// them. They go from that process to the holder through a pipe.

enum class KeyringVerb : std::uint8_t {
  put,     ///< draws a key and keeps it under a new name
  get,     ///< fetches it
  remove,  ///< forgets it
};

/// `kronborg keyring <name>`.
std::string_view verb_name(KeyringVerb verb);

/// Where a process of the keyring writes the key, as 64 hexadecimal digits.
inline constexpr int keyring_key_fd = 3;

struct KeyringKey {
  std::string item;  ///< its name: a UUID
  Descriptor key;    ///< to be read by the holder, once; invalid after `remove`
};

/// Runs `executable keyring VERB ITEM` to its end. `item` is not looked at for put. Never waits for
/// somebody to type: a keyring that is locked is an error. Error: keystore_unavailable.
base::Result<KeyringKey> ask_keyring(const std::filesystem::path& executable, KeyringVerb verb,
                                     const std::string& item);

}  // namespace kronborg::keyholder
