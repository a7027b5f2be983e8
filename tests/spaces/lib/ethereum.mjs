// Addresses and personal_sign of a library that is not ours, from the packages of tests/clients.
import { createRequire } from 'node:module';

const { getAddress, verifyMessage, Wallet } = createRequire(
  new URL('../../clients/package.json', import.meta.url),
)('ethers');

export { getAddress, Wallet };

/** The message among `candidates` that `signature` signs for `address`. */
export function signedMessage(candidates, signature, address) {
  return candidates.find((message) => verifyMessage(message, signature) === address);
}
