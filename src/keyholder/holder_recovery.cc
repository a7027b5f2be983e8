#include <algorithm>
#include <limits>
#include <utility>

#include "identity/device_id.h"
#include "identity/mnemonic.h"
#include "identity/recovery_code.h"
#include "identity/sealed_file.h"
#include "keyholder/bundle.h"
#include "keyholder/content.h"
#include "keyholder/holder.h"
#include "keyholder/opener.h"

// The requests of Holder that write keystores and bundles.

namespace kronborg::keyholder {
namespace {

/// The recovery part of a keystore for a new code. The code itself is kept nowhere.
base::Result<Keystore::Recovery> recovery_of(const base::SecretText& code, std::int64_t generation,
                                             base::Random& random) {
  Keystore::Recovery recovery;
  recovery.generation = generation;
  random.fill(recovery.salt);
  identity::SealedHeader header;
  header.salt = recovery.salt;
  TRY(const base::SecretText password, identity::password_of_code(code.reveal()));
  TRY(recovery.key, identity::key_of_password(header, password.reveal()));
  return recovery;
}

/// One more, within what a bundle can say.
base::Result<std::int64_t> generation_after(std::int64_t generation) {
  constexpr std::int64_t most = (std::int64_t{1} << 53U) - 1;
  if (generation < 0 || generation >= most) {
    return base::Error(base::Code::bundle_unsupported, "The bundle's generation is used up.");
  }
  return generation + 1;
}

/// A keystore around a master key: new device key unless a TPM holds it, new code.
struct Fresh {
  Keystore keystore;
  KeystoreFacts facts{};
  base::SecretText code;
};
base::Result<Fresh> fresh_around(crypto::PrivateKey master, const CreateRequest& request,
                                 std::int64_t generation, base::Random& random) {
  Fresh fresh;
  fresh.keystore.master = std::move(master);
  if (request.device.empty()) {
    fresh.keystore.device = crypto::new_p256_key(random);
    fresh.keystore.has_device = true;
  } else {
    if (!identity::DeviceId::parse(request.device)) return base::Code::invalid_member;
    std::ranges::copy(request.device, fresh.keystore.tpm_device.begin());
  }
  fresh.facts.kind = request.kind;
  fresh.facts.master = identity::address_of(fresh.keystore.master);
  fresh.facts.created_at = request.now;
  fresh.facts.item = request.item;
  TRY(fresh.facts.device_id, device_id_of(fresh.keystore));
  fresh.code = identity::new_recovery_code(random);
  TRY(fresh.keystore.recovery, recovery_of(fresh.code, generation, random));
  return fresh;
}

base::Result<void> write_keystore(const Keystore& keystore, const KeystoreFacts& facts,
                                  const Opener& opener, std::int64_t now, base::Random& random,
                                  const Descriptor& file) {
  TRY(std::string text, form_of(facts.kind).write(keystore, facts, opener, now, random));
  auto written = write_content(file.get(), text, keystore_words);
  base::wipe(text.data(), text.size());
  return written;
}

/// What AdoptRequest, or a failure, is waited for with.
struct Written {
  const Descriptor& keystore;
  const Descriptor& bundle;
  const Descriptor* copy;
};
base::Result<void> write_all(const Fresh& fresh, const identity::SealedHeader& header,
                             std::string_view content, const CreateRequest& request,
                             const Descriptor* aid, base::Random& random, const Written& files) {
  TRY(const HeldOpener opener, HeldOpener::of(request.kind, request.secret.reveal(), aid));
  TRY_VOID(write_keystore(fresh.keystore, fresh.facts, opener.get(), request.now, random,
                          files.keystore));
  TRY(const std::string bundle, seal_bundle(header, fresh.keystore, content, random));
  TRY_VOID(write_content(files.bundle.get(), bundle, bundle_words));
  if (files.copy != nullptr) TRY_VOID(write_content(files.copy->get(), bundle, copy_words));
  return {};
}

NewIdentity told(Fresh& fresh) {
  NewIdentity identity;
  identity.master = fresh.facts.master;
  identity.device_id = fresh.facts.device_id;
  identity.recovery_code = std::move(fresh.code);
  return identity;
}

/// Takes the descriptors of a request in the order in which they came.
class Next {
 public:
  explicit Next(std::span<const Descriptor> files) : files_(files) {}
  const Descriptor& take() { return files_[at_++]; }
  const Descriptor* take_if(bool there) { return there ? &take() : nullptr; }

 private:
  std::span<const Descriptor> files_;
  std::size_t at_ = 0;
};

/// What a recovery begins with.
struct Source {
  crypto::PrivateKey master;
  std::optional<identity::SealedHeader> header;  ///< of the bundle
  identity::BundleContent content;
};
base::Result<Source> source_of(const RecoverRequest& request, const Descriptor* bundle) {
  Source source;
  if (bundle == nullptr) {
    TRY(source.master, identity::key_of_words(request.words.reveal()));
    return source;
  }
  TRY(const std::string text, read_content(bundle->get(), max_bundle_bytes, bundle_words));
  TRY(identity::OpenedBundle opened, identity::open_bundle(text, request.code.reveal()));
  source.master = std::move(opened.master);
  source.header = std::move(opened.header);
  source.content = std::move(opened.content);
  return source;
}

}  // namespace

base::Result<Reply> Holder::on(const CreateRequest& request, Files files) {
  Next next(files);
  const Descriptor& keystore = next.take();
  const Descriptor& bundle = next.take();
  const Written written{keystore, bundle, next.take_if(request.copy)};
  const Descriptor* const aid = next.take_if(request.aid);
  TRY(Fresh fresh, fresh_around(identity::new_master_key(random_), request, 1, random_));
  TRY_VOID(write_all(fresh, first_header(fresh.keystore, std::nullopt, request.now),
                     empty_bundle_content, request, aid, random_, written));
  CreateReply reply{.created = told(fresh)};
  created_.put(std::move(fresh.keystore));
  created_unlocks_ = true;
  return reply;
}

base::Result<Reply> Holder::on(const RecoverRequest& request, Files files) {
  Next next(files);
  const Descriptor& keystore = next.take();
  const Descriptor& bundle = next.take();
  const Written written{keystore, bundle, next.take_if(request.keystore.copy)};
  const Descriptor& restored = next.take();
  const Descriptor* const source_file = next.take_if(request.bundle);
  const Descriptor* const aid = next.take_if(request.keystore.aid);

  TRY(Source source, source_of(request, source_file));
  const std::int64_t before = source.header ? source.header->generation.value_or(1) : 0;
  TRY(const std::int64_t generation, generation_after(std::max(before, request.generation_above)));
  TRY(Fresh fresh, fresh_around(std::move(source.master), request.keystore, generation, random_));
  identity::raise_for_recovery(source.content, fresh.facts.master, fresh.facts.device_id,
                               request.earlier, request.now_ms);
  const std::string content = identity::bundle_content_text(source.content);
  TRY_VOID(write_content(restored.get(), content, "what was recovered"));
  const auto header = first_header(fresh.keystore, source.header, request.keystore.now);
  TRY_VOID(write_all(fresh, header, content, request.keystore, aid, random_, written));
  RecoverReply reply;
  reply.created = told(fresh);
  reply.created_at = header.created_at;
  reply.updated_at = source.header ? source.header->updated_at : 0;
  created_.put(std::move(fresh.keystore));
  created_unlocks_ = true;
  return reply;
}

base::Result<Reply> Holder::on(const AdoptRequest& request, Files /*files*/) {
  if (created_.get() == nullptr) return base::Code::identity_missing;
  if (request.keep && (created_unlocks_ || unlocked_.get() != nullptr)) {
    unlocked_.take(created_);
  } else {
    created_.clear();
  }
  return DoneReply{};
}

base::Result<Reply> Holder::on(const RewriteRequest& request, Files files) {
  if (unlocked_.get() == nullptr) return base::Code::identity_locked;
  Next next(files);
  TRY(const std::string content,
      read_content(next.take().get(), max_bundle_content_bytes, "the content of the bundle"));
  const Descriptor& target = next.take();
  const Descriptor* const copy = next.take_if(request.copy);
  std::optional<std::string> present;
  if (request.present) {
    // One that cannot be read is replaced all the same.
    auto text = read_content(next.take().get(), max_bundle_bytes, bundle_words);
    if (text) present = *std::move(text);
  }
  TRY(const std::string bundle,
      seal_next_bundle(*unlocked_.get(), content, present, request.now, random_));
  TRY_VOID(write_content(target.get(), bundle, bundle_words));
  RewriteReply reply;
  if (copy != nullptr) {
    auto copied = write_content(copy->get(), bundle, copy_words);
    if (!copied) reply = {.copied = false, .why = reply_of(copied.error())};
  }
  return reply;
}

base::Result<Reply> Holder::on(const NewCodeRequest& request, Files files) {
  Next next(files);
  TRY(const std::string content,
      read_content(next.take().get(), max_bundle_content_bytes, "the content of the bundle"));
  TRY(std::string text, read_content(next.take().get(), max_keystore_bytes, keystore_words));
  const Descriptor& keystore_file = next.take();
  const Descriptor& bundle_file = next.take();
  const Descriptor* const copy = next.take_if(request.copy);
  const Descriptor* const present = next.take_if(request.present);
  const Descriptor* const aid = next.take_if(request.aid);

  auto facts = read_facts(text);
  if (!facts) return std::move(facts).error();
  TRY(const HeldOpener opener, HeldOpener::of(facts->kind, request.secret.reveal(), aid));
  auto opened = open_keystore(text, opener.get());
  base::wipe(text.data(), text.size());
  if (!opened) return std::move(opened).error();
  Keystore keystore = *std::move(opened);
  std::optional<identity::SealedHeader> before;
  if (present != nullptr) {
    const auto old = read_content(present->get(), max_bundle_bytes, bundle_words);
    if (old) before = header_opened_by(*old, facts->master, keystore.recovery);
  }
  base::SecretText code = identity::new_recovery_code(random_);
  TRY(const std::int64_t generation, generation_after(keystore.recovery.generation));
  TRY(keystore.recovery, recovery_of(code, generation, random_));
  TRY_VOID(write_keystore(keystore, *facts, opener.get(), request.now, random_, keystore_file));
  TRY(const std::string bundle,
      seal_bundle(first_header(keystore, before, request.now), keystore, content, random_));
  TRY_VOID(write_content(bundle_file.get(), bundle, bundle_words));
  if (copy != nullptr) TRY_VOID(write_content(copy->get(), bundle, copy_words));
  created_.put(std::move(keystore));
  created_unlocks_ = false;
  SecretReply reply;
  reply.secret = std::move(code);
  return reply;
}

base::Result<Reply> Holder::on(const DrillRequest& request, Files files) {
  TRY(const std::string text, read_content(files[0].get(), max_bundle_bytes, bundle_words));
  TRY(const identity::OpenedBundle opened, identity::open_bundle(text, request.code.reveal()));
  return DrillReply{.facts = {.master = opened.header.address,
                              .generation = opened.header.generation.value_or(0),
                              .created_at = opened.header.created_at,
                              .updated_at = opened.header.updated_at},
                    .agents = static_cast<std::int64_t>(opened.content.agents.size())};
}

base::Result<Reply> Holder::on(const SoundRequest& /*request*/, Files files) {
  if (unlocked_.get() == nullptr) return base::Code::identity_locked;
  TRY(const std::string text, read_content(files[0].get(), max_bundle_bytes, bundle_words));
  const Keystore& keystore = *unlocked_.get();
  return SoundReply{
      .sound = header_opened_by(text, identity::address_of(keystore.master), keystore.recovery)
                   .has_value()};
}

}  // namespace kronborg::keyholder
