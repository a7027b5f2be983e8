export { fromBase64Url, toBase64Url } from './base/base64url.js';
export { canonicalJson } from './base/canonical_json.js';
export type { Canonical } from './base/canonical_json.js';
export { KronborgError, hasCode } from './base/error.js';
export type { ErrorFacts } from './base/error.js';
export { fromHex, fromStrictHex, toHex } from './base/hex.js';
export type { Fetch, SendOptions } from './base/http.js';
export { JsonNumber, JsonObject, parseFlat, parseObject } from './base/json.js';
export type { JsonValue } from './base/json.js';
export { Secret } from './base/secret.js';
export { systemClock, systemRandom } from './base/sources.js';
export type { Clock, Random } from './base/sources.js';

export { hpkeKeySchedule, hpkeOpen, hpkeSeal, hpkeSharedSecret } from './crypto/hpke.js';
export type { Sealed } from './crypto/hpke.js';
export { keccak256 } from './crypto/keccak.js';
export {
  SPAKE2_POINTS,
  Spake2,
  isShare,
  passwordScalar,
  spake2Keys,
  spake2Transcript,
} from './crypto/spake2.js';
export type { PhoneNames, SharedKeys, Spake2Role, Spake2Transcript } from './crypto/spake2.js';
export { ExchangeKey, usableEncPub } from './crypto/x25519.js';

export {
  addressBytes,
  addressOfPrivateKey,
  addressOfPublicKey,
  checksumAddress,
  isAddress,
  sameAddress,
} from './identity/address.js';
export { agentMessage, connectMessage, deriveKey, pairingMessage } from './identity/derivation.js';
export { deviceIdOf, keyIdOf } from './identity/device_id.js';
export {
  PREFIX,
  envelope,
  envelopeDigest,
  recoverHexSigner,
  recoverSigner,
  signEnvelope,
  signatureHex,
} from './identity/envelope.js';
export type { Payload, Prefix } from './identity/envelope.js';
export { MasterKey } from './identity/master_key.js';
export { masterOfWords, wordsOfMaster } from './identity/mnemonic.js';
export { SigningKey } from './identity/signing_key.js';
export type { KeyKind } from './identity/signing_key.js';

export { accessKeyHint, mintAccessKey, readAccessKey } from './keys/access_key.js';
export type {
  AccessKeyOrder,
  AccessKeyPayload,
  MintedAccessKey,
  ReadAccessKey,
} from './keys/access_key.js';
export { nextCounter, thresholdAfter } from './keys/counter.js';
export type { CounterState } from './keys/counter.js';
export { expiryOf, isLegacy } from './keys/expiry.js';
export type { ExpiryChoice, LegacyFacts } from './keys/expiry.js';
export { keyLabel } from './keys/label.js';
export { MemoryPolicy } from './keys/policy.js';
export type { KeyPolicy, KeyPolicyData } from './keys/policy.js';
export type { AccessKeyCode, KeyRefusal } from './keys/refusals.js';
export { verifyAccessKey } from './keys/verify.js';
export type { ValidAccessKey } from './keys/verify.js';

export { SoftwareDevice } from './devices/software.js';
export { readRequestToken, signRequestToken } from './requests/request_token.js';
export type {
  AssertionAlgorithm,
  ReadRequestToken,
  RequestClaims,
  RequestTokenOrder,
} from './requests/request_token.js';
export type { RequestTokenCode, RequestTokenRefusal } from './requests/refusals.js';
export { signedFetch } from './requests/signed_fetch.js';
export type { SignedFetchOptions } from './requests/signed_fetch.js';
export { verifyRequestToken } from './requests/verify.js';
export type {
  AcceptedRequest,
  CounterUse,
  DeviceKind,
  DeviceRecord,
  RequestTokenHost,
  SignedRequest,
} from './requests/verify.js';

export { deriveBundleKey, openRecoveryBundle, writeRecoveryBundle } from './recovery/bundle.js';
export type { BundleKey, BundleOrder, OpenedBundle } from './recovery/bundle.js';
export { newRecoveryCode, recoveryCodeDigits } from './recovery/code.js';
export { readContents, writeContents } from './recovery/contents.js';
export type { BundleContents, BundledAgent } from './recovery/contents.js';
export { openKeystore, writeKeystore } from './recovery/keystore.js';
export type { KeystoreContents } from './recovery/keystore.js';
export {
  SEAL_COST,
  openSealedFile,
  readSealedFile,
  writeSealedFile,
} from './recovery/sealed_file.js';
export type { SealedFile, SealedFormat, SealedHead } from './recovery/sealed_file.js';
export { argon2id } from './recovery/stretch.js';
export type { Stretch, StretchCost } from './recovery/stretch.js';

export { checkKey, checkServerSignature, openAnswer } from './pairing/answer.js';
export type { AnswerExpectation, PairedKey } from './pairing/answer.js';
export { greetHost, openOnPhone, pairWithCode, sealForPhone, unpair } from './pairing/code.js';
export type { CodeOrder, PhoneHello, PhonePayload } from './pairing/code.js';
export { PairingAttempt, readChallenge } from './pairing/connector.js';
export type { ChallengeAnswer, PairedWithPrompt, PairingOrder } from './pairing/connector.js';
export {
  areInviteSignatures,
  readInvite,
  readInvitePayload,
  wholeInviteText,
  writeInvite,
} from './pairing/invite.js';
export type { Invite, InviteOrder, InvitePayload } from './pairing/invite.js';
export { redeemAsOwner, redeemInvite } from './pairing/redeem.js';
export type { OwnerRedeemOrder, RedeemOptions, RedeemedKey } from './pairing/redeem.js';
export { serviceDescription, serviceInstance } from './pairing/service.js';
export {
  connectorText,
  inviteServerText,
  inviteText,
  pairServerText,
  redeemServerText,
  redeemText,
  sealInfo,
} from './pairing/texts.js';
export {
  PAIRING_WORDS,
  addressWords,
  commitment,
  opensCommitment,
  shortWords,
} from './pairing/words.js';
export type { WordsInput } from './pairing/words.js';

export { FrameReader, readWholeReply } from './channel/answer.js';
export type { WholeReply } from './channel/answer.js';
export { SecureChannel } from './channel/client.js';
export type { ChannelOptions } from './channel/client.js';
export { innerRequest } from './channel/request.js';
export type { InnerRequest } from './channel/request.js';
export { openCall, openFrame, responseKey, sealCall, sealFrame } from './channel/seal.js';
export type { Frame, FramePlace } from './channel/seal.js';
export { ChannelHandshake, ClientSession, acceptHello } from './channel/session.js';
export type { SealedCall } from './channel/session.js';
export {
  channelKeys,
  channelTranscript,
  clientHello,
  isChannelNonce,
} from './channel/transcript.js';
export type { ChannelKeys, ClientHello, ServerHello } from './channel/transcript.js';

export { Artifacts } from './spaces/artifacts.js';
export type { CreateArtifact, WriteArtifact } from './spaces/artifacts.js';
export { SpacesClient } from './spaces/client.js';
export type { CreatedFacts, ListedSpace } from './spaces/client.js';
export { PendingJoin, readInvitationLink } from './spaces/join.js';
export type { ApprovalOptions, InvitationLink, JoinRequest } from './spaces/join.js';
export { SpaceKey } from './spaces/requests.js';
export type { SpacesOptions } from './spaces/requests.js';
export { Space } from './spaces/space.js';
export type { KickOptions, RotatedKey } from './spaces/space.js';
export type * from './spaces/types.js';
export type { WatchOptions } from './spaces/watch.js';
