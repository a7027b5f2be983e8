import { utf8, wipe } from '../base/bytes.js';
import { type Canonical, canonicalJson } from '../base/canonical_json.js';
import { KronborgError } from '../base/error.js';
import { fromStrictHex, toHex } from '../base/hex.js';
import { JsonObject, type JsonValue, parseObject } from '../base/json.js';
import { Members, U32_MAX, U53_MAX, U64_MAX, WrongMember, readMembers } from '../base/members.js';
import { sameAddress } from '../identity/address.js';
import { MasterKey } from '../identity/master_key.js';

export interface BundledAgent {
  readonly id: string;
  readonly name: string;
  readonly index: number;
  readonly scope: string;
  /** EIP-55. */
  readonly address: string;
}

/** What a recovery bundle restores (docs/protocol/identity.md section 14.2). */
export interface BundleContents {
  readonly master: MasterKey;
  readonly agents: readonly BundledAgent[];
  readonly whitelist: {
    readonly master: readonly string[];
    readonly agents: ReadonlyMap<string, readonly string[]>;
  };
  readonly revocations: readonly {
    readonly iss: string;
    readonly nonce: string;
    readonly exp?: number | undefined;
  }[];
  /** By address: counters up to it are revoked. */
  readonly thresholds: ReadonlyMap<string, bigint>;
  /** By address: greatest counter allocated. */
  readonly counters: ReadonlyMap<string, bigint>;
  /** By scope: the next agent index. */
  readonly indices: ReadonlyMap<string, number>;
}

/** The plaintext of a bundle: canonical JSON. The caller wipes it. */
export function writeContents(contents: BundleContents): Uint8Array {
  const value: Canonical = {
    v: 1,
    master: contents.master.use(toHex),
    agents: contents.agents.map(({ id, name, index, scope, address }) => ({
      id,
      name,
      index,
      scope,
      address,
    })),
    whitelist: { master: contents.whitelist.master, agents: contents.whitelist.agents },
    revocations: contents.revocations.map(({ iss, nonce, exp }) => ({ iss, nonce, exp })),
    thresholds: decimals(contents.thresholds),
    counters: decimals(contents.counters),
    indices: contents.indices,
  };
  return utf8(canonicalJson(value));
}

function decimals(values: ReadonlyMap<string, bigint>): Map<string, string> {
  return new Map([...values].map(([name, value]) => [name, value.toString()]));
}

/**
 * Reads the plaintext of the bundle of `address`. `bundle_mismatch` when it is not what a bundle
 * holds, or when the master or an agent does not give the address that stands beside it.
 */
export function readContents(plaintext: Uint8Array, address: string): BundleContents {
  const contents = readMembers(parseObject(plaintext), readAll);
  if (contents === undefined) throw mismatch();
  const areAgents = contents.agents.every((agent) => isAgentOf(contents.master, agent));
  if (!sameAddress(contents.master.address, address) || !areAgents) {
    contents.master.wipe();
    throw mismatch();
  }
  return contents;
}

function mismatch(): KronborgError {
  return new KronborgError('bundle_mismatch', 'The bundle opens, but its contents do not fit.');
}

function isAgentOf(master: MasterKey, agent: BundledAgent): boolean {
  const key = master.agentKey(agent.scope, agent.index);
  key.wipe();
  return sameAddress(key.address, agent.address);
}

function readAll(members: Members): BundleContents {
  if (members.unsigned('v', U53_MAX) !== 1n) throw new WrongMember();
  const whitelist = new Members(members.nested('whitelist'));
  const agents = list(members.object.get('agents'), readAgent);
  const revocations = list(members.object.get('revocations'), (entry) => ({
    iss: entry.string('iss'),
    nonce: entry.string('nonce'),
    exp: numberOf(entry.optionalUnsigned('exp', U53_MAX)),
  }));
  const contents = {
    agents,
    whitelist: {
      master: strings(whitelist.object.get('master')),
      agents: mapped(whitelist.nested('agents'), (lists, name) => strings(lists.object.get(name))),
    },
    revocations,
    thresholds: mapped(members.nested('thresholds'), decimal),
    counters: mapped(members.nested('counters'), decimal),
    indices: mapped(members.nested('indices'), (all, name) => Number(all.unsigned(name, U53_MAX))),
  };
  return { master: readMaster(members.string('master')), ...contents };
}

function readMaster(digits: string): MasterKey {
  const bytes = fromStrictHex(digits);
  if (bytes?.length !== 32) throw new WrongMember();
  try {
    return MasterKey.fromBytes(bytes);
  } catch {
    throw new WrongMember();
  } finally {
    wipe(bytes);
  }
}

function readAgent(members: Members): BundledAgent {
  return {
    id: members.string('id'),
    name: members.string('name'),
    index: Number(members.unsigned('index', U32_MAX)),
    scope: members.string('scope'),
    address: members.string('address'),
  };
}

function numberOf(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function list<T>(value: JsonValue | undefined, read: (members: Members) => T): T[] {
  if (!Array.isArray(value)) throw new WrongMember();
  return value.map((item) => {
    if (!(item instanceof JsonObject)) throw new WrongMember();
    return read(new Members(item));
  });
}

function strings(value: JsonValue | undefined): string[] {
  if (!Array.isArray(value)) throw new WrongMember();
  return value.map((item) => {
    if (typeof item !== 'string') throw new WrongMember();
    return item;
  });
}

function mapped<T>(
  object: JsonObject,
  read: (members: Members, name: string) => T,
): Map<string, T> {
  const members = new Members(object);
  return new Map([...object.keys()].map((name) => [name, read(members, name)]));
}

function decimal(members: Members, name: string): bigint {
  const text = members.string(name);
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) > U64_MAX) throw new WrongMember();
  return BigInt(text);
}
