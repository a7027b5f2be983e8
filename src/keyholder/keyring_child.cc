#include <dlfcn.h>
#include <fmt/format.h>
#include <libsecret/secret.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "base/encoding.h"
#include "base/random.h"
#include "keyholder/confinement.h"
#include "keyholder/content.h"
#include "keyholder/keyring.h"
#include "keyholder/keystore.h"

// The process that asks the desktop keyring. It loads libsecret itself, so that nobody else needs
// it.

namespace kronborg::keyholder {
namespace {

constexpr const char* library_name = "libsecret-1.so.0";
constexpr std::size_t key_digits = 64;

/// What is used of libsecret and GLib.
class Library {
 public:
  Library() : handle_(::dlopen(library_name, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) return;
    load(get_service, "secret_service_get_sync");
    load(collection_for_alias, "secret_collection_for_alias_sync");
    load(collection_locked, "secret_collection_get_locked");
    load(store, "secret_password_store_sync");
    load(clear, "secret_password_clear_sync");
    load(search, "secret_service_search_sync");
    load(item_locked, "secret_item_get_locked");
    load(load_secret, "secret_item_load_secret_sync");
    load(item_secret, "secret_item_get_secret");
    load(value_of, "secret_value_get");
    load(value_unref, "secret_value_unref");
    load(table_new, "g_hash_table_new");
    load(table_insert, "g_hash_table_insert");
    load(text_hash, "g_str_hash");
    load(text_equal, "g_str_equal");
  }

  [[nodiscard]] bool loaded() const { return handle_ != nullptr && complete_; }

  decltype(&secret_service_get_sync) get_service = nullptr;
  decltype(&secret_collection_for_alias_sync) collection_for_alias = nullptr;
  decltype(&secret_collection_get_locked) collection_locked = nullptr;
  decltype(&secret_password_store_sync) store = nullptr;
  decltype(&secret_password_clear_sync) clear = nullptr;
  decltype(&secret_service_search_sync) search = nullptr;
  decltype(&secret_item_get_locked) item_locked = nullptr;
  decltype(&secret_item_load_secret_sync) load_secret = nullptr;
  decltype(&secret_item_get_secret) item_secret = nullptr;
  decltype(&secret_value_get) value_of = nullptr;
  void (*value_unref)(gpointer) = nullptr;
  decltype(&g_hash_table_new) table_new = nullptr;
  decltype(&g_hash_table_insert) table_insert = nullptr;
  GHashFunc text_hash = nullptr;
  GEqualFunc text_equal = nullptr;

 private:
  template <class F>
  void load(F& function, const char* name) {
    function = reinterpret_cast<F>(::dlsym(handle_, name));
    complete_ = complete_ && function != nullptr;
  }

  void* handle_;
  bool complete_ = true;
};

const SecretSchema& schema() {
  static const SecretSchema one = [] {
    SecretSchema made{};
    made.name = "org.kronborg.Keystore";
    made.attributes[0] = {.name = "item", .type = SECRET_SCHEMA_ATTRIBUTE_STRING};
    return made;
  }();
  return one;
}

/// One line for the parent; the process ends with this.
int refused(std::string_view text) {
  fmt::print("{}\n", text);
  std::fflush(stdout);
  return 1;
}

int refused(const char* what, const GError* error) {
  return refused(fmt::format("The desktop keyring {}: {}.", what,
                             error == nullptr ? "no reason given" : error->message));
}

constexpr std::string_view locked_text = "The desktop keyring is locked.";

int done(std::string_view item) {
  fmt::print("{}\n", item);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

bool hand_over(std::string_view key) {
  return write_content(keyring_key_fd, key, "the key").has_value();
}

int put(const Library& library, SecretService* service) {
  GError* error = nullptr;
  SecretCollection* const standard = library.collection_for_alias(
      service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, nullptr, &error);
  if (error != nullptr) return refused("cannot be looked at", error);
  if (standard == nullptr) return refused("The desktop has no default keyring yet.");
  if (library.collection_locked(standard) != FALSE) return refused(locked_text);
  base::SystemRandom random;
  const std::string item = base::uuid4(random);
  base::Secret<32> key;
  random.fill(key.fill());
  std::string digits = base::hex(key.reveal());
  const std::string label = "kronborg keystore " + item;
  const bool stored =
      library.store(&schema(), SECRET_COLLECTION_DEFAULT, label.c_str(), digits.c_str(), nullptr,
                    &error, "item", item.c_str(), nullptr) != FALSE;
  const bool handed = stored && hand_over(digits);
  base::wipe(digits.data(), digits.size());
  if (!stored) return refused("did not take the key", error);
  return handed ? done(item) : 1;
}

int get(const Library& library, SecretService* service, const std::string& item) {
  GError* error = nullptr;
  GHashTable* const attributes = library.table_new(library.text_hash, library.text_equal);
  std::string name = "item";
  std::string value = item;
  library.table_insert(attributes, name.data(), value.data());
  const GList* const found =
      library.search(service, &schema(), attributes, SECRET_SEARCH_NONE, nullptr, &error);
  if (error != nullptr) return refused("cannot be searched", error);
  if (found == nullptr) {
    return refused("The desktop keyring does not hold the key of this keystore.");
  }
  auto* const entry = static_cast<SecretItem*>(found->data);
  if (library.item_locked(entry) != FALSE) return refused(locked_text);
  if (library.load_secret(entry, nullptr, &error) == FALSE) {
    return refused("did not give the key", error);
  }
  SecretValue* const secret = library.item_secret(entry);
  if (secret == nullptr) return refused(locked_text);
  gsize size = 0;
  const char* const digits = library.value_of(secret, &size);
  const bool handed = size == key_digits && hand_over({digits, size});
  library.value_unref(secret);
  return handed ? done(item) : refused("The item in the keyring is not a key of kronborg.");
}

int forget(const Library& library, const std::string& item) {
  GError* error = nullptr;
  library.clear(&schema(), nullptr, &error, "item", item.c_str(), nullptr);
  return error == nullptr ? done(item) : refused("did not forget the key", error);
}

}  // namespace

int run_keyring(std::string_view verb, std::string_view item) {
  if (!give_up_privileges()) return refused("The process that asks the keyring cannot start.");
  ::prctl(PR_SET_NAME, "keyring", 0, 0, 0);
  const Library library;
  if (!library.loaded()) {
    return refused(
        fmt::format("{} is not installed (Debian package libsecret-1-0).", library_name));
  }
  GError* error = nullptr;
  SecretService* const service = library.get_service(SECRET_SERVICE_OPEN_SESSION, nullptr, &error);
  if (service == nullptr) return refused("cannot be reached", error);
  const std::string name(item);
  if (verb == verb_name(KeyringVerb::put)) return put(library, service);
  if (!is_item_name(name)) return refused("That is not the name of an item.");
  if (verb == verb_name(KeyringVerb::get)) return get(library, service, name);
  if (verb == verb_name(KeyringVerb::remove)) return forget(library, name);
  return refused("usage: it is started by kronborg, not by hand.");
}

}  // namespace kronborg::keyholder
