import { lower } from '../base/text.js';

/**
 * The texts that are signed and sealed under (docs/protocol/pairing.md). Values as they are sent.
 */

/** Connector's proof (section 2.2). */
export function connectorText(nonce: string, encPub?: string): string {
  return encPub === undefined || encPub === '' ? nonce : `${nonce}:${encPub}`;
}

/** Host's proof in the answer of `/pair` (section 2.4). */
export function pairServerText(agentAddress: string, nonce: string): string {
  return `osaurus-pairing-server-v1:${lower(agentAddress)}:${nonce}`;
}

/** `sig` of an invite (section 6.1); the address as it is written there. */
export function inviteText(address: string, nonce: string, expires: number): string {
  return `osaurus-agent-invite-v1:${address}:${nonce}:${expires}`;
}

/** Host's proof in the answer to an invite (section 6.2). */
export function inviteServerText(agentAddress: string, nonce: string, encPub: string): string {
  return `kronborg-invite-server-v1:${lower(agentAddress)}:${nonce}:${encPub}`;
}

/** Owner's proof, by the master (section 7). */
export function redeemText(agentAddress: string, nonce: string): string {
  return `osaurus-owner:redeem:${lower(agentAddress)}:${nonce}`;
}

/** Host's proof in the answer to owner redeem (section 7). */
export function redeemServerText(agentAddress: string, nonce: string, encPub: string): string {
  return `kronborg-redeem-server-v1:${lower(agentAddress)}:${nonce}:${encPub}`;
}

/** HPKE info of a sealed key (section 4). */
export function sealInfo(agentAddress: string, nonce: string): string {
  return `osaurus-pair-key-v1:${lower(agentAddress)}:${nonce}`;
}
