#include <string_view>

#include "keyholder/keyholder.h"

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "keyring") {
    return kronborg::keyholder::run_keyring(argv[2], argv[3]);
  }
  return kronborg::keyholder::run_key_holder(3);
}
