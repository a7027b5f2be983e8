#include "crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <utility>

#include "crypto/key_wrap.h"

namespace kronborg::crypto {
namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
  void operator()(ASN1_OBJECT* object) const { ASN1_OBJECT_free(object); }
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
  void operator()(EXTENDED_KEY_USAGE* usage) const { EXTENDED_KEY_USAGE_free(usage); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<ASN1_OBJECT> object_of(const std::string& oid) {
  return Owned<ASN1_OBJECT>(OBJ_txt2obj(oid.c_str(), 1));
}

bool is_authority(X509* certificate) { return X509_check_ca(certificate) == 1; }
bool is_self_issued(const X509* certificate) {
  return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

/// The chain from `leaf` to one of `trusted`, both included; empty when there is none.
std::vector<X509*> chain_of(X509* leaf, std::span<X509* const> between,
                            std::span<X509* const> trusted, std::int64_t at) {
  const Owned<X509_STORE> store(X509_STORE_new());
  const Owned<STACK_OF(X509)> others(sk_X509_new_null());
  const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (!store || !others || !context) return {};
  for (X509* const root : trusted) X509_STORE_add_cert(store.get(), root);
  for (X509* const other : between) sk_X509_push(others.get(), other);
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, others.get()) != 1) return {};
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), at);
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!good) return {};
  const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context.get());
  std::vector<X509*> found;
  for (int i = 0; i < sk_X509_num(chain); ++i) found.push_back(sk_X509_value(chain, i));
  return found;
}

}  // namespace

struct Certificate::State {
  Owned<X509> certificate;
};

std::optional<Certificate> Certificate::from_der(base::BytesView der) {
  const std::uint8_t* at = der.data();
  Owned<X509> read(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!read || at != der.data() + der.size()) return std::nullopt;
  auto state = std::make_shared<State>();
  state->certificate = std::move(read);
  return Certificate(std::move(state));
}

base::Result<std::vector<Certificate>> Certificate::all_from_pem(std::string_view pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<Certificate> all;
  ERR_clear_error();
  while (Owned<X509> read{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    auto state = std::make_shared<State>();
    state->certificate = std::move(read);
    all.push_back(Certificate(std::move(state)));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (all.empty() || !at_end) {
    return base::Error(base::Code::config_invalid, "this is no list of certificates in PEM");
  }
  return all;
}

base::Bytes Certificate::der() const {
  X509* const certificate = state_->certificate.get();
  base::Bytes bytes(static_cast<std::size_t>(i2d_X509(certificate, nullptr)));
  std::uint8_t* at = bytes.data();
  i2d_X509(certificate, &at);
  return bytes;
}

std::optional<P256PublicKey> Certificate::p256_key() const {
  return p256_key_of(public_key_info());
}

base::Bytes Certificate::public_key_info() const {
  X509_PUBKEY* const key = X509_get_X509_PUBKEY(state_->certificate.get());
  base::Bytes bytes(static_cast<std::size_t>(i2d_X509_PUBKEY(key, nullptr)));
  std::uint8_t* at = bytes.data();
  i2d_X509_PUBKEY(key, &at);
  return bytes;
}

std::optional<base::Bytes> Certificate::extension(const std::string& oid) const {
  const X509* const certificate = state_->certificate.get();
  const Owned<ASN1_OBJECT> object = object_of(oid);
  const int place = X509_get_ext_by_OBJ(certificate, object.get(), -1);
  if (place < 0 || X509_get_ext_by_OBJ(certificate, object.get(), place) >= 0) return std::nullopt;
  const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(X509_get_ext(certificate, place));
  const std::uint8_t* const first = ASN1_STRING_get0_data(value);
  return base::Bytes(first, first + ASN1_STRING_length(value));
}

std::optional<bool> Certificate::allows_purpose(const std::string& oid) const {
  const Owned<EXTENDED_KEY_USAGE> usage(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(state_->certificate.get(), NID_ext_key_usage, nullptr, nullptr)));
  if (!usage) return std::nullopt;
  const Owned<ASN1_OBJECT> wanted = object_of(oid);
  for (int i = 0; i < sk_ASN1_OBJECT_num(usage.get()); ++i) {
    if (OBJ_cmp(sk_ASN1_OBJECT_value(usage.get(), i), wanted.get()) == 0) return true;
  }
  return false;
}

std::string Certificate::subject() const {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(state_->certificate.get()), 0,
                     XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool is_chain(const Certificate& leaf, const Certificate& intermediate, const Certificate& root,
              std::int64_t at) {
  X509* const three[] = {leaf.state_->certificate.get(), intermediate.state_->certificate.get(),
                         root.state_->certificate.get()};
  const auto chain = chain_of(three[0], {&three[1], 1}, {&three[2], 1}, at);
  // Exactly this way: the library would take a shorter one too.
  if (chain.size() != 3 || X509_cmp(chain[1], three[1]) != 0 || X509_cmp(chain[2], three[2]) != 0) {
    return false;
  }
  return X509_check_ca(three[0]) == 0 && is_authority(three[1]) && is_authority(three[2]);
}

std::optional<Certificate> trust_anchor(const Certificate& leaf, std::span<const Certificate> known,
                                        std::int64_t at) {
  std::vector<X509*> roots;
  std::vector<X509*> between;
  for (const Certificate& one : known) {
    X509* const certificate = one.state_->certificate.get();
    (is_self_issued(certificate) ? roots : between).push_back(certificate);
  }
  X509* const first = leaf.state_->certificate.get();
  const auto chain = chain_of(first, between, roots, at);
  if (chain.size() < 2 || X509_check_ca(first) != 0) return std::nullopt;
  for (const Certificate& one : known) {
    if (X509_cmp(one.state_->certificate.get(), chain.back()) == 0) return one;
  }
  return std::nullopt;
}

}  // namespace kronborg::crypto
