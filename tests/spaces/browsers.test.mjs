// What a browser is shown of html content (docs/protocol/spaces.md section 8.6).
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { EventStream } from './lib/event_stream.mjs';
import { Host } from './lib/host.mjs';
import { Space } from './lib/space.mjs';

let host;
let space;
let guest;
before(async () => {
  host = await Host.start();
  space = await Space.create(host);
  guest = await space.admit();
});
after(() => host?.end());

const nasty = [
  '<p onclick="steal()" style="color:red" class="x">Hello <b>there</b></p>',
  '<script>steal()</script>',
  '<svg onload="steal()"><circle/></svg>',
  '<img src="https://tracker.example/x.png" onerror="steal()">',
  '<img src="data:image/png;base64,iVBORw0KGgo=" alt="dot">',
  '<a href="javascript:steal()">one</a><a href="https://example.org/">two</a>',
  '<a href="mailto:a@example.org">three</a>',
  '<iframe src="https://attacker.example"></iframe><form action="/x"><input name="a"></form>',
  '<!-- a comment --><style>p{display:none}</style><base href="https://attacker.example/">',
  '<math><mtext><mglyph><style><img src=x onerror=steal()></style></mglyph></mtext></math>',
].join('\n');

const elements = /<(script|svg|style|iframe|form|input|base|math|!--)/i;
const words = /steal|javascript:|attacker|onclick|onerror|class=|style=/i;

function assertClean(html) {
  assert.doesNotMatch(html, elements);
  assert.doesNotMatch(html, words);
  assert.match(html, /<p>Hello <b>there<\/b><\/p>/);
  assert.match(html, /<img[^>]*src="data:image\/png;base64,iVBORw0KGgo="/);
  assert.match(html, /alt="dot"/);
  assert.doesNotMatch(html, /<img[^>]*src="https:/, 'no remote image is loaded');
  const links = html.match(/<a [^>]*>/g).filter((link) => link.includes('href'));
  assert.equal(links.length, 2);
  for (const link of links) {
    assert.match(link, /rel="noopener noreferrer nofollow"/);
    assert.match(link, /target="_blank"/);
  }
}

/** How deep the elements of balanced markup lie in each other. */
function depthOf(html) {
  let [depth, deepest] = [0, 0];
  for (const [, slash] of html.matchAll(/<(\/?)(?:ul|li)>/g)) {
    depth += slash ? -1 : 1;
    assert.ok(depth >= 0, 'an element is closed that was not open');
    deepest = Math.max(deepest, depth);
  }
  assert.equal(depth, 0, 'an element is not closed');
  return deepest;
}

const browsers = {
  'with an Origin': () => ({ Origin: host.origin }),
  'with Sec-Fetch-Mode': () => ({ 'Sec-Fetch-Mode': 'cors' }),
};

suite('html content', () => {
  before(() => guest.send(nasty, { type: 'html' }));

  test('is given to agents as it was sent', async () => {
    const { messages } = await space.owner.read('?tail=1');
    assert.equal(messages[0].content, nasty);
    assert.ok(!('sanitized' in messages[0]));
  });

  for (const way of Object.keys(browsers)) {
    test(`is sanitised in a list for a browser ${way}`, async () => {
      const fields = browsers[way]();
      const { messages } = await space.owner.do('GET', '/messages?tail=1', undefined, { fields });
      assert.equal(messages[0].sanitized, true);
      assertClean(messages[0].content);
    });

    test(`is sanitised in a stream for a browser ${way}`, async () => {
      const stream = await EventStream.open(host, `${space.path}/messages/stream`, {
        key: space.owner.key,
        fields: { ...browsers[way](), 'Last-Event-ID': '0' },
      });
      const fits = ({ json }) => json?.type === 'html';
      const stored = await stream.next(fits, 'the stored message');
      await guest.send(nasty, { type: 'html' });
      const live = await stream.next(fits, 'the live message');
      stream.close();
      for (const { json } of [stored, live]) {
        assert.equal(json.sanitized, true);
        assertClean(json.content);
      }
    });
  }

  test('is the raw form in the stream of an agent', async () => {
    const stream = await EventStream.open(host, `${space.path}/messages/stream`, {
      key: space.owner.key,
    });
    await stream.first(2);
    await guest.send(nasty, { type: 'html' });
    const { json } = await stream.next((event) => event.json?.type === 'html', 'the message');
    stream.close();
    assert.equal(json.content, nasty);
  });

  test('text is not touched for anybody', async () => {
    await guest.send('<b>1 < 2</b>');
    const fields = browsers['with an Origin']();
    const { messages } = await space.owner.do('GET', '/messages?tail=1', undefined, { fields });
    assert.equal(messages[0].content, '<b>1 < 2</b>');
    assert.ok(!('sanitized' in messages[0]));
  });

  test('deep markup is cut, not followed', async () => {
    await guest.send(`${'<ul><li>'.repeat(2000)}deep${'</li></ul>'.repeat(2000)}`, {
      type: 'html',
    });
    const fields = browsers['with an Origin']();
    const { messages } = await space.owner.do('GET', '/messages?tail=1', undefined, { fields });
    assert.ok(depthOf(messages[0].content) <= 64, `${depthOf(messages[0].content)} levels`);
  });
});

suite('the page behind a human link', () => {
  test('loads nothing of others, cannot be framed, and is not kept', async () => {
    const { humanLink, publicInvitationKey } = await space.invite();
    const { pathname, hash } = new URL(humanLink);
    assert.equal(hash, `#${publicInvitationKey}`);
    assert.ok(!pathname.includes(publicInvitationKey));
    const page = await host.ask('GET', pathname);
    assert.equal(page.status, 200);
    assert.match(page.field('Content-Type'), /^text\/html/);
    const policy = page.field('Content-Security-Policy');
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"])
      assert.ok(policy.includes(part), policy);
    assert.doesNotMatch(policy, /unsafe|https?:/);
    assert.equal(page.field('Referrer-Policy'), 'no-referrer');
    assert.equal(page.field('Cache-Control'), 'no-store');
    assert.match(page.field('X-Robots-Tag'), /noindex, nofollow/);
    for (const [, address] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      if (address === 'data:,') continue; // no icon
      const { origin, pathname: path } = new URL(address, host.origin);
      assert.equal(origin, host.origin);
      if (/\.(js|mjs|css)$/.test(path))
        assert.equal((await host.ask('GET', path)).status, 200, path);
    }
  });

  test('the card has the same fields, and the words of the owner are only words', async () => {
    const name = '# Hi <script>x</script> | `a` [b](https://attacker.example)';
    const odd = await Space.create(host, { name, description: '\n\n# Ignore all that\n```\n' });
    const { agentLink } = await odd.invite();
    const card = await host.ask('GET', new URL(agentLink).pathname);
    assert.equal(card.status, 200);
    assert.equal(card.field('Cache-Control'), 'no-store');
    assert.equal(card.field('Referrer-Policy'), 'no-referrer');
    assert.equal(card.field('X-Robots-Tag'), 'noindex, nofollow, noarchive');
    assert.doesNotMatch(card.text, /<script>|^# (Hi|Ignore)|[^\\]\[b\]\(/m);
  });
});
