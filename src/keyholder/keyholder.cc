#include "keyholder/keyholder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "identity/sealed_file.h"
#include "keyholder/connection.h"
#include "keyholder/content.h"
#include "keyholder/descriptor.h"
#include "keyholder/process.h"
#include "keyholder/protocol.h"
#include "keyholder/staged_files.h"

namespace kronborg::keyholder {
namespace {

namespace fs = std::filesystem;
using base::Code;

constexpr int free_wrong_tries = 2;
constexpr int max_delay_s = 60;

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

/// A file without a name that holds the content, at its beginning.
base::Result<Descriptor> in_memory(std::string_view content) {
  Descriptor file(::memfd_create("bundle-content", MFD_CLOEXEC));
  if (!file.valid()) return file_failure("make room for the bundle", errno);
  TRY_VOID(write_content(file.get(), content, "the bundle to memory"));
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return file_failure("rewind", errno);
  return file;
}

}  // namespace

struct KeyHolder::State {
  State(SpawnOptions given, HolderProcess process)
      : options(std::move(given)), connection(std::move(process)) {}

  [[nodiscard]] fs::path keystore() const { return options.data_folder / keystore_name; }
  [[nodiscard]] fs::path bundle() const { return options.data_folder / bundle_name; }
  /// Where the copy belongs; nothing when that is the bundle itself.
  [[nodiscard]] std::optional<fs::path> copy_in(const std::optional<fs::path>& folder) const;
  [[nodiscard]] base::Result<Descriptor> open_keystore() const;
  base::Result<KeystoreFacts> facts();

  base::Result<void> may_create(const std::optional<fs::path>& copy, bool replace);
  base::Result<void> unlock_now(const base::SecretText& passphrase);
  void wait_after_wrong_try();

  SpawnOptions options;
  Connection connection;
  std::atomic<bool> locked = true;
  std::mutex files;     // keystore and bundle are read and replaced by one call at a time
  std::mutex attempts;  // one passphrase is tried at a time, its delay included
  int wrong_tries = 0;  // guarded by attempts
  mutable std::mutex copy_mutex;
  std::optional<base::Error> copy_failure;  // guarded by copy_mutex
};

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

base::Result<void> KeyHolder::State::may_create(const std::optional<fs::path>& copy, bool replace) {
  if (!replace && is_there(keystore())) return Code::identity_exists;
  if (!replace && is_there(bundle())) {
    return base::Error(Code::identity_exists,
                       bundle().string() + " belongs to an identity whose keystore is gone.",
                       "Keep it to recover that identity; move it away to make a fresh one.");
  }
  if (!copy || !is_there(*copy)) return {};
  const auto there = bundle_at(*copy);
  if (!there || !replace) return foreign_bundle(*copy);
  const auto old = facts();
  if (!old || old->master != there->master) return foreign_bundle(*copy);
  return {};
}

base::Result<std::unique_ptr<KeyHolder>> KeyHolder::spawn(SpawnOptions options) {
  if (!options.delay) {
    options.delay = [](int seconds) { std::this_thread::sleep_for(std::chrono::seconds(seconds)); };
  }
  TRY(HolderProcess process, HolderProcess::start(options.executable));
  auto state = std::make_unique<State>(std::move(options), std::move(process));
  TRY_VOID(state->connection.greet());
  return std::unique_ptr<KeyHolder>(new KeyHolder(std::move(state)));
}

KeyHolder::KeyHolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyHolder::~KeyHolder() = default;

base::Result<NewIdentity> KeyHolder::create(KeystoreKind kind, const base::SecretText& passphrase,
                                            const std::optional<fs::path>& recovery_folder,
                                            bool replace, std::int64_t now) {
  if (passphrase.reveal().size() > max_passphrase_bytes) {
    return base::Error(Code::invalid_member,
                       fmt::format("A passphrase has at most {} bytes.", max_passphrase_bytes));
  }
  const std::lock_guard lock(state_->files);
  const auto copy = state_->copy_in(recovery_folder);
  TRY_VOID(state_->may_create(copy, replace));
  const Existing existing = replace ? Existing::replace : Existing::refuse;
  StagedFiles staged;
  std::vector<int> files;
  // Named in this order, the keystore last: it is what makes the identity exist.
  if (copy) {
    TRY(const int fd, staged.add(*copy, existing));
    files.push_back(fd);
  }
  for (const fs::path& path : {state_->bundle(), state_->keystore()}) {
    TRY(const int fd, staged.add(path, existing));
    files.push_back(fd);
  }
  std::ranges::reverse(files);
  CreateRequest request;
  request.kind = kind;
  request.copy = copy.has_value();
  request.now = now;
  request.passphrase = passphrase.duplicate();
  TRY(CreateReply reply, state_->connection.ask<CreateReply>(std::move(request), files));
  TRY_VOID(staged.commit());
  // The identity exists from here on, whatever becomes of the holder.
  const bool adopted = state_->connection.ask<DoneReply>(AdoptRequest{}).has_value();
  if (!adopted) static_cast<void>(state_->connection.ask<DoneReply>(LockRequest{}));
  state_->locked = !adopted;
  return std::move(reply.created);
}

base::Result<void> KeyHolder::unlock(const base::SecretText& passphrase) {
  const std::lock_guard lock(state_->attempts);
  auto done = state_->unlock_now(passphrase);
  if (done) {
    state_->wrong_tries = 0;
  } else if (done.error().code == Code::wrong_passphrase) {
    state_->wait_after_wrong_try();
  }
  return done;
}

base::Result<void> KeyHolder::State::unlock_now(const base::SecretText& passphrase) {
  const std::lock_guard lock(files);
  TRY(const Descriptor file, open_keystore());
  if (passphrase.reveal().size() > max_passphrase_bytes) return Code::wrong_passphrase;
  const int fd = file.get();
  UnlockRequest request;
  request.passphrase = passphrase.duplicate();
  TRY_VOID(connection.ask<DoneReply>(std::move(request), {&fd, 1}));
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

base::Result<void> KeyHolder::lock() {
  TRY_VOID(state_->connection.ask<DoneReply>(LockRequest{}));
  state_->locked = true;
  return {};
}

bool KeyHolder::locked() const { return state_->locked || !state_->connection.alive(); }

base::Result<KeyHolder::KeystoreFacts> KeyHolder::keystore() const { return state_->facts(); }

base::Result<BundleFacts> KeyHolder::bundle() const { return bundle_at(state_->bundle()); }

base::Result<crypto::Signature> KeyHolder::sign(identity::Prefix prefix, base::BytesView payload,
                                                const KeyRef& key) {
  if (payload.size() > max_payload_bytes || key.agent.scope.size() > max_scope_bytes) {
    return Code::signing_refused;
  }
  SignRequest request{.prefix = prefix, .key = key, .payload = {payload.begin(), payload.end()}};
  TRY(const SignatureReply reply, state_->connection.ask<SignatureReply>(std::move(request)));
  return reply.signature;
}

base::Result<identity::Address> KeyHolder::address(const KeyRef& key) {
  if (key.agent.scope.size() > max_scope_bytes) return Code::not_a_key;
  TRY(const AddressReply reply, state_->connection.ask<AddressReply>(AddressRequest{.key = key}));
  return reply.address;
}

base::Result<void> KeyHolder::rewrite_bundle(std::string_view content, std::int64_t now,
                                             const std::optional<fs::path>& recovery_folder) {
  const std::lock_guard lock(state_->files);
  StagedFiles staged;
  TRY(const Descriptor source, in_memory(content));
  TRY(const int target, staged.add(state_->bundle(), Existing::replace));
  std::vector<int> files{source.get(), target};
  RewriteRequest request{.now = now};

  StagedFiles staged_copy;
  std::optional<base::Error> copy_failure;
  if (const auto copy = state_->copy_in(recovery_folder)) {
    const auto there = bundle_at(*copy);
    const auto ours = state_->facts();
    if (there && ours && there->master != ours->master) {
      copy_failure = foreign_bundle(*copy);
    } else if (auto fd = staged_copy.add(*copy, Existing::replace)) {
      request.copy = true;
      files.push_back(*fd);
    } else {
      copy_failure = std::move(fd).error();
    }
  }
  Descriptor present(::open(state_->bundle().c_str(), O_RDONLY | O_CLOEXEC));
  request.present = present.valid();
  if (request.present) files.push_back(present.get());

  const bool copies = request.copy;
  TRY(RewriteReply reply, state_->connection.ask<RewriteReply>(std::move(request), files));
  TRY_VOID(staged.commit());
  if (!reply.copied) {
    copy_failure = error_of(std::move(reply.why));
  } else if (copies) {
    if (auto done = staged_copy.commit(); !done) copy_failure = std::move(done).error();
  }
  const std::lock_guard copy_lock(state_->copy_mutex);
  state_->copy_failure = std::move(copy_failure);
  return {};
}

std::optional<base::Error> KeyHolder::copy_failure() const {
  const std::lock_guard lock(state_->copy_mutex);
  return state_->copy_failure;
}

base::Result<HolderStatus> KeyHolder::status() const {
  TRY(const StatusReply reply, state_->connection.ask<StatusReply>(StatusRequest{}));
  return reply.status;
}

pid_t KeyHolder::process() const { return state_->connection.pid(); }

}  // namespace kronborg::keyholder
