import { fromUtf8, wipe } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { JsonObject } from '../base/json.js';
import { Members } from '../base/members.js';
import { type Sealed, hpkeOpen } from '../crypto/hpke.js';
import type { ExchangeKey } from '../crypto/x25519.js';
import { sameAddress } from '../identity/address.js';
import { PREFIX, recoverHexSigner } from '../identity/envelope.js';
import { type AccessKeyPayload, readAccessKey } from '../keys/access_key.js';
import { sealInfo } from './texts.js';

/** What an answer with a key is judged by (docs/protocol/pairing.md section 9). */
export interface AnswerExpectation {
  /** The pinned address. */
  readonly agentAddress: string;
  readonly nonce: string;
  readonly key: ExchangeKey;
  /** What the host signs. */
  readonly serverText: string;
  /** Whether the user took an exchange without the host's signature. */
  readonly acceptUnsigned: boolean;
}

/** A key that was made for this connector and no one else has seen. */
export interface PairedKey {
  /** The access key: a bearer secret. */
  readonly apiKey: string;
  readonly agentAddress: string;
  readonly payload: AccessKeyPayload;
  /** Whether the host proved which exchange the key belongs to. */
  readonly isSigned: boolean;
}

const REVOKE = 'A key may be out: ask the owner of the host to revoke the newest one.';

function refuse(code: string, message: string): never {
  throw new KronborgError(code, message, { hint: REVOKE });
}

/**
 * Checks the host's signature: `server_signature_missing`, `server_signature_invalid`. Whether it
 * was there.
 */
export function checkServerSignature(
  signature: string | undefined,
  serverText: string,
  agentAddress: string,
  acceptUnsigned: boolean,
): boolean {
  if (signature === undefined) {
    if (acceptUnsigned) return false;
    refuse('server_signature_missing', 'The host did not sign its answer.');
  }
  const signer = recoverHexSigner(PREFIX.pairingServer, serverText, signature);
  if (signer === undefined || !sameAddress(signer, agentAddress)) {
    refuse('server_signature_invalid', 'The answer was not signed by the agent for this exchange.');
  }
  return true;
}

/**
 * Takes the key out of an answer 200: `server_signature_…`, `agent_address_other`,
 * `clear_key_refused`, `sealed_key_missing`, `sealed_key_invalid`, `paired_key_invalid`.
 */
export function openAnswer(answer: JsonObject, expected: AnswerExpectation): PairedKey {
  const { agentAddress } = expected;
  const isSigned = checkServerSignature(
    text(answer, 'serverSignature'),
    expected.serverText,
    agentAddress,
    expected.acceptUnsigned,
  );
  if (!sameAddress(text(answer, 'agentAddress') ?? '', agentAddress)) {
    refuse('agent_address_other', 'The answer is of another agent than the pinned one.');
  }
  if ((text(answer, 'apiKey') ?? '') !== '') {
    refuse('clear_key_refused', 'The host sent the key in clear; it is not used.');
  }
  const apiKey = unseal(answer, expected);
  return { apiKey, agentAddress, isSigned, payload: checkKey(apiKey, agentAddress) };
}

function text(object: JsonObject, name: string): string | undefined {
  const value = object.get(name);
  return typeof value === 'string' ? value : undefined;
}

function unseal(answer: JsonObject, expected: AnswerExpectation): string {
  const sealed = answer.get('sealedApiKey');
  const members = sealed instanceof JsonObject ? new Members(sealed) : undefined;
  if (members === undefined) return refuse('sealed_key_missing', 'The answer has no sealed key.');
  const parts: Sealed = {
    enc: text(members.object, 'enc') ?? '',
    ct: text(members.object, 'ct') ?? '',
  };
  const info = sealInfo(expected.agentAddress, expected.nonce);
  const plaintext = hpkeOpen(expected.key, info, parts);
  const apiKey = plaintext === undefined ? undefined : fromUtf8(plaintext);
  wipe(plaintext);
  return apiKey ?? refuse('sealed_key_invalid', 'The sealed key does not open.');
}

/** The key itself: rows 1 to 6 of docs/protocol/identity.md section 6, audience = pin. */
export function checkKey(apiKey: string, agentAddress: string): AccessKeyPayload {
  const read = readAccessKey(apiKey);
  if ('outcome' in read || !sameAddress(read.payload.aud, agentAddress)) {
    return refuse('paired_key_invalid', 'What the host sent is no key for the pinned agent.');
  }
  return read.payload;
}
