import {
  addressOfPrivateKey,
  agentMessage,
  connectMessage,
  deriveKey,
  envelopeDigest,
  fromHex,
  masterOfWords,
  pairingMessage,
  recoverSigner,
  signEnvelope,
  wordsOfMaster,
} from '@kronborg/client';
import { bytes, hex } from './values.mjs';

function messageOf({ kind, scope = '', index = 0, device_id = '' }) {
  if (kind === 'agent') return agentMessage(scope, index);
  return kind === 'pairing' ? pairingMessage() : connectMessage(device_id);
}

export const identity = {
  derive(request) {
    const master = bytes(request.master);
    const key = request.kind === 'master' ? master : deriveKey(master, messageOf(request));
    return { private_key: hex(key), address: addressOfPrivateKey(key) };
  },
  address: ({ private_key }) => ({ address: addressOfPrivateKey(bytes(private_key)) }),
  words: ({ master }) => ({ words: wordsOfMaster(bytes(master)) }),
  unwords: ({ words }) => ({ master: hex(masterOfWords(words)) }),
  sign: ({ private_key, prefix, payload }) => ({
    digest: hex(envelopeDigest(prefix, bytes(payload))),
    signature: hex(signEnvelope(bytes(private_key), prefix, bytes(payload))),
  }),
  recover({ prefix, payload, signature }) {
    const given = fromHex(signature);
    const address = given && recoverSigner(prefix, bytes(payload), given);
    return { address: address ?? null };
  },
};
