// Peer: this implementation as a program, for another one to be tested against.
//
// One JSON object a line on standard input, one a line on standard output, in the same order:
//   {"id":1,"do":"derive",…}  ->  {"id":1,"ok":{…}}  or  {"id":1,"error":"<code>","message":"…"}
// `code` is that of a KronborgError; `peer_fault` is a mistake in the request. Bytes are lower-case
// hex, 64-bit numbers decimal text, base64url where the protocol has it. A handle is a text that
// stands for something kept here. Ends with the input.
//
// Identity
//   derive          master, kind (master|agent|pairing|connect), scope?, index?, device_id?
//                   -> private_key, address
//   address         private_key -> address
//   words           master -> words                     unwords  words -> master
//   sign            private_key, prefix, payload -> digest, signature
//   recover         prefix, payload, signature -> address (null: refused)
// Keys and request tokens
//   mint            private_key, kind (master|agent), aud?, cnt, iat, exp?, lbl?, nonce?
//                   -> token, payload, hint
//   read_key        token -> issuer, payload, or refused
//   verify_key      token, now, authority {master, agents, whitelist {master, agents}, revoked
//                   [{iss, nonce}], thresholds {address: decimal}} -> the verdict, cnt as text
//   device          private_key? -> private_key, public_key, key_id, dev
//   prove           private_key, challenge -> proof
//   sign_request    private_key, kind, device_key, cnt, iat, aud, method, path, par?, idx? -> token
//   verify_request  token, method, path, host (as in testdata/vectors/request_token.json)
//                   -> the verdict, cnt as text
// Sealing
//   exchange_key    private_key? -> private_key, enc_pub
//   hpke_seal       enc_pub, info, plaintext, ephemeral? -> enc, ct
//   hpke_open       private_key, info, enc, ct -> plaintext (null: does not open)
// Pairing
//   texts           nonce, enc_pub, agent_address, exp? -> connector, pair_server, invite?,
//                   invite_server, redeem, redeem_server, seal_info
//   pairing_words   nonce, connector_address, agent_address, enc_pub
//                   -> sas, connector_words, agent_words
//   commit          reveal, connector_address, enc_pub -> commit
//   opens           commit, reveal (base64url), connector_address, enc_pub -> opens
//   open_answer     answer, kind (pair|invite|redeem), agent_address, nonce, private_key,
//                   accept_unsigned? -> api_key, is_signed
//   invite_write    private_key, name, description?, url, exp, nonce -> link
//   invite_read     link, now -> agent_address, payload, is_verified
// Six digits
//   spake2          role (phone|host), code, secret? -> handle, share
//   spake2_finish   handle, share, device_id, device_name -> session, confirm_host, confirm_phone
//   phone_seal      session, device_id, plaintext -> sealed
//   phone_open      session, device_id, sealed -> plaintext (null: does not open)
// Secure Channel, client
//   channel_hello   agent_address -> handle, hello
//   channel_accept  handle, hello -> session, sid, expires_at
//   channel_call    session, request (JSON text) -> call, body
//   channel_frame   call, frame (JSON text) -> plaintext, complete
//   channel_whole   call, body (JSON text) -> status, content_type, body
//   channel_end     call -> {}, or channel_truncated
// Secure Channel, host
//   server_hello    private_key, kind (agent|connect), hello, expires_at -> session, hello
//   server_open     session, v?, seq, ct -> call, request, or refused (a code)
//   server_whole    call, status, content_type?, body -> body
//   server_chunk    call, plaintext -> event            server_end  call -> event
//   window          numbers -> accepted (array of booleans)
// Recovery
//   new_code        -> code                             read_code  text -> digits
//   bundle_make     contents (JSON text), code, generation, created_at, updated_at, opslimit?,
//                   memlimit? -> file
//   bundle_open     file (JSON text), code -> contents (JSON text), address, generation
//   keystore_make   master, generation, key, salt, passphrase, created_at, updated_at, opslimit?,
//                   memlimit? -> file
//   keystore_open   file, passphrase -> master, generation, key, salt
// Over HTTP, connecting side
//   connect         url, agent_address, agent_id, master, no_compare? -> handle, words,
//                   connector_address, connector_words
//   connect_finish  handle -> api_key, is_permanent
//   redeem_invite   link, now, accept_unsigned? -> api_key, agent_name, base_url, is_signed
//   redeem_owner    url, agent_address, master, device_id, device_name?, accept_unsigned?
//                   -> api_key, agent_name, base_url, is_signed
//   hello           url -> name, pairing
//   pair_code       url, code, device_id, device_name -> api_key, agents, host_name, key_expires_at
//   unpair          url, api_key -> {}
//   open_channel    url, agent_address -> handle
//   channel_fetch   handle, method?, path, headers?, body? -> status, content_type, body
//   signed_fetch    url, master, device_key, scope?, index?, method?, body? -> status, body
// Over HTTP, host: answers on 127.0.0.1 with one agent of the master
//   host            master, scope, index, agent_id, name -> handle, url, agent_address
//   host_decide     handle, approval (denied | none | {"remember": bool}): for the requests to come
//   host_code       handle, code? -> code
//   host_invite     handle, name, description?, life? -> link
//   host_seen       handle -> requests (what the owner was asked), issued, calls (inner requests)
//   host_stop       handle
//   The channel of a host answers `GET /stream` with a stream of two chunks, `GET /cut` with one
//   that is cut, and everything else with 200 and the request as JSON.
import { createInterface } from 'node:readline';

import { KronborgError } from '@kronborg/client';

import { channel } from './peer/channel.mjs';
import { connecting } from './peer/connecting.mjs';
import { credentials } from './peer/credentials.mjs';
import { hosting } from './peer/hosting.mjs';
import { identity } from './peer/identity.mjs';
import { pairing } from './peer/pairing.mjs';
import { recovery } from './peer/recovery.mjs';

const commands = {
  ...identity,
  ...credentials,
  ...pairing,
  ...channel,
  ...recovery,
  ...connecting,
  ...hosting,
};

async function answer(line) {
  let id = null;
  try {
    const { do: name, ...request } = JSON.parse(line);
    id = request.id ?? null;
    if (!Object.hasOwn(commands, name)) throw new TypeError(`no command ${name}`);
    return { id, ok: (await commands[name](request)) ?? {} };
  } catch (error) {
    const code = error instanceof KronborgError ? error.code : 'peer_fault';
    return { id, error: code, message: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() !== '') process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
// Hosts that were not stopped must not keep the program alive.
process.exit(0);
