#include "keyholder/keyholder_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include "base/file.h"
#include "identity/sealed_file.h"
#include "keyholder/content.h"
#include "keyholder/protocol.h"
#include "keyholder/tpm_channel.h"

namespace kronborg::keyholder {
namespace {

namespace fs = std::filesystem;
using base::Code;

constexpr int free_wrong_tries = 2;
constexpr int max_delay_s = 60;

}  // namespace

bool is_there(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(fs::symlink_status(path, unknown));
}

base::Result<Descriptor> open_to_read(const fs::path& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return file_failure(fmt::format("open {}", path.string()), errno);
  return file;
}

base::Result<BundleFacts> bundle_at(const fs::path& path) {
  if (!is_there(path)) return Code::not_found;
  TRY(const std::string text, base::read_file(path, max_bundle_bytes));
  TRY(const identity::SealedFile file, identity::read_sealed(text, identity::bundle_format));
  return BundleFacts{.master = file.header.address,
                     .generation = file.header.generation.value_or(0),
                     .created_at = file.header.created_at,
                     .updated_at = file.header.updated_at};
}

base::Error foreign_bundle(const fs::path& path) {
  return {Code::file_error, path.string() + " is the recovery bundle of another identity.",
          "Choose another recovery folder, or move that file away."};
}

base::Result<Descriptor> in_memory(std::string_view content) {
  Descriptor file(::memfd_create("bundle-content", MFD_CLOEXEC));
  if (!file.valid()) return file_failure("make room for the bundle", errno);
  TRY_VOID(write_content(file.get(), content, "the bundle to memory"));
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return file_failure("rewind", errno);
  return file;
}

base::Result<void> require_room_for(const base::SecretText& secret) {
  if (secret.reveal().size() <= max_passphrase_bytes) return {};
  return base::Error(Code::invalid_member, fmt::format("A passphrase, PIN or code has at most {} "
                                                       "bytes.",
                                                       max_passphrase_bytes));
}

base::Result<StagedKeystore> stage_keystore(const fs::path& keystore, const fs::path& bundle,
                                            const std::optional<fs::path>& copy,
                                            Existing existing) {
  StagedKeystore staged;
  if (copy) {
    TRY(const int fd, staged.files.add(*copy, existing));
    staged.descriptors.push_back(fd);
  }
  for (const fs::path& path : {bundle, keystore}) {
    TRY(const int fd, staged.files.add(path, existing));
    staged.descriptors.push_back(fd);
  }
  std::ranges::reverse(staged.descriptors);
  return staged;
}

std::optional<fs::path> KeyHolder::State::copy_in(const std::optional<fs::path>& folder) const {
  std::error_code unknown;
  if (!folder || fs::equivalent(*folder, options.data_folder, unknown)) return std::nullopt;
  return *folder / bundle_name;
}

base::Result<Descriptor> KeyHolder::State::open_keystore() const {
  if (!is_there(keystore())) return Code::identity_missing;
  TRY_VOID(base::require_private_file(keystore()));
  return open_to_read(keystore());
}

base::Result<KeyHolder::KeystoreFacts> KeyHolder::State::facts() {
  TRY(const Descriptor file, open_keystore());
  const int fd = file.get();
  TRY(FactsReply reply, connection.ask<FactsReply>(FactsRequest{}, {&fd, 1}));
  return std::move(reply.facts);
}

base::Result<KeyHolder::State::Aid> KeyHolder::State::aid_for_new(KeystoreKind kind) const {
  Aid aid;
  if (kind == KeystoreKind::tpm2) {
    TRY(aid.descriptor, open_tpm(options.tpm));
  } else if (kind == KeystoreKind::secret_service) {
    TRY(KeyringKey made, ask_keyring(options.executable, KeyringVerb::put, {}));
    aid = {.item = std::move(made.item), .descriptor = std::move(made.key)};
  }
  return aid;
}

base::Result<KeyHolder::State::Aid> KeyHolder::State::aid_for(const KeystoreFacts& facts) const {
  if (facts.kind != KeystoreKind::secret_service) return aid_for_new(facts.kind);
  TRY(KeyringKey found, ask_keyring(options.executable, KeyringVerb::get, facts.item));
  return Aid{.item = facts.item, .descriptor = std::move(found.key)};
}

void KeyHolder::State::discard_item(const std::string& item) const {
  if (item.empty()) return;
  static_cast<void>(ask_keyring(options.executable, KeyringVerb::remove, item));
}

base::Result<void> KeyHolder::State::may_create(const std::optional<fs::path>& copy, bool replace) {
  if (!replace && is_there(keystore())) return Code::identity_exists;
  if (!replace && is_there(bundle())) {
    return base::Error(Code::identity_exists,
                       bundle().string() + " belongs to an identity whose keystore is gone.",
                       "Recover it: 'kronborg recover'. To make a fresh identity, move it away.");
  }
  if (!copy || !is_there(*copy)) return {};
  const auto there = bundle_at(*copy);
  if (!there || !replace) return foreign_bundle(*copy);
  const auto old = facts();
  if (!old || old->master != there->master) return foreign_bundle(*copy);
  return {};
}

base::Result<void> KeyHolder::State::unlock_now(const base::SecretText& secret) {
  const std::lock_guard lock(files);
  TRY(const KeystoreFacts known, facts());
  if (!require_room_for(secret)) return Code::wrong_passphrase;
  TRY(const Aid aid, aid_for(known));
  TRY(const Descriptor file, open_keystore());
  std::vector<int> descriptors{file.get()};
  if (aid.descriptor) descriptors.push_back(aid.descriptor->get());
  UnlockRequest request;
  request.aid = aid.descriptor.has_value();
  request.secret = secret.duplicate();
  TRY_VOID(connection.ask<DoneReply>(std::move(request), descriptors));
  locked = false;
  return {};
}

/// docs/protocol/identity.md section 13: "growing delay from the third try (1, 2, 4 … at most 60
/// s)".
void KeyHolder::State::wait_after_wrong_try() {
  constexpr int tries_to_the_longest = 7;
  ++wrong_tries;
  if (wrong_tries <= free_wrong_tries) return;
  const int doublings = std::min(wrong_tries - free_wrong_tries - 1, tries_to_the_longest);
  options.delay(std::min(1 << doublings, max_delay_s));
}

}  // namespace kronborg::keyholder
