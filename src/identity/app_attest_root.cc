#include <cstdlib>
#include <string_view>

#include "identity/app_attest.h"

namespace kronborg::identity {

namespace {

/// Apple App Attestation Root CA, P-384, valid to 2045-03-15; SHA-256 of its DER 1cb9823b…c932.
constexpr std::string_view root_pem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICITCCAaegAwIBAgIQC/O+DvHN0uD7jG5yH2IXmDAKBggqhkjOPQQDAzBSMSYw\n"
    "JAYDVQQDDB1BcHBsZSBBcHAgQXR0ZXN0YXRpb24gUm9vdCBDQTETMBEGA1UECgwK\n"
    "QXBwbGUgSW5jLjETMBEGA1UECAwKQ2FsaWZvcm5pYTAeFw0yMDAzMTgxODMyNTNa\n"
    "Fw00NTAzMTUwMDAwMDBaMFIxJjAkBgNVBAMMHUFwcGxlIEFwcCBBdHRlc3RhdGlv\n"
    "biBSb290IENBMRMwEQYDVQQKDApBcHBsZSBJbmMuMRMwEQYDVQQIDApDYWxpZm9y\n"
    "bmlhMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAERTHhmLW07ATaFQIEVwTtT4dyctdh\n"
    "NbJhFs/Ii2FdCgAHGbpphY3+d8qjuDngIN3WVhQUBHAoMeQ/cLiP1sOUtgjqK9au\n"
    "Yen1mMEvRq9Sk3Jm5X8U62H+xTD3FE9TgS41o0IwQDAPBgNVHRMBAf8EBTADAQH/\n"
    "MB0GA1UdDgQWBBSskRBTM72+aEH/pwyp5frq5eWKoTAOBgNVHQ8BAf8EBAMCAQYw\n"
    "CgYIKoZIzj0EAwMDaAAwZQIwQgFGnByvsiVbpTKwSga0kP0e8EeDS4+sQmTvb7vn\n"
    "53O5+FRXgeLhpJ06ysC5PrOyAjEAp5U4xDgEgllF7En3VcE3iexZZtKeYnpqtijV\n"
    "oyFraWVIyd/dganmrduC1bmTBGwD\n"
    "-----END CERTIFICATE-----\n";

}  // namespace

const crypto::Certificate& apple_app_attest_root() {
  static const crypto::Certificate root = [] {
    auto read = crypto::Certificate::all_from_pem(root_pem);
    if (!read) std::abort();  // the text above is constant
    return std::move(read)->front();
  }();
  return root;
}

}  // namespace kronborg::identity
