import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchCertificate, type CertifiedKey } from '../../../src/rest/certificate.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { selfSigned } from './self-signed.ts';

const EVERY_MS = 10_000;
const [ONE, TWO, THREE] = [selfSigned(), selfSigned(), selfSigned()];
const MIXED = { cert: TWO.cert, key: THREE.key };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificate-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Puts content into the folder as kubelet does: into a folder of its own, at which the link `..data` points from one moment
 * to the next; the files are links through it, and the folder before is removed.
 */
function publish({ cert, key }: Partial<CertifiedKey>, others: Record<string, string> = {}): void {
  const data = join(folder, '..data');
  const before = linkAt(data);
  const version = before === undefined ? '..2026_01_01_00_00_00.1' : `${before}1`;
  mkdirSync(join(folder, version));
  const files = {
    ...others,
    ...(cert !== undefined && { 'tls.crt': cert }),
    ...(key !== undefined && { 'tls.key': key }),
  };
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(folder, version, file), content);
    if (linkAt(join(folder, file)) === undefined) {
      symlinkSync(join('..data', file), join(folder, file));
    }
  }
  symlinkSync(version, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), data);
  if (before !== undefined) {
    rmSync(join(folder, before), { recursive: true });
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** A watch whose time only passes look by look. */
function watched(use: (pair: CertifiedKey) => void = () => undefined) {
  const clock = new FakeClock();
  const renewed: CertifiedKey[] = [];
  const told: string[] = [];
  const watch = watchCertificate({
    folder,
    clock,
    onRenewed: (pair) => {
      use(pair);
      renewed.push(pair);
    },
    onError: ({ message }) => told.push(message),
  });
  const look = (times = 1): void => clock.tick(times * EVERY_MS);
  return { watch, clock, renewed, told, look };
}

describe('a certificate that is renewed', () => {
  // https://github.com/cilium/cilium/issues/13621: only the first renewal was seen. https://github.com/Mailu/Mailu/issues/1302,
  // https://github.com/knative-extensions/eventing-kafka-broker/issues/3323, https://github.com/cloudflare/certinel/pull/20
  it('is seen each time, through the links of kubelet', () => {
    publish(ONE);
    const { watch, renewed, told, look } = watched();
    expect(watch.current).toEqual(ONE);
    for (const pair of [TWO, THREE, ONE, TWO]) {
      publish(pair);
      look();
      expect(watch.current).toEqual(pair);
    }

    expect(renewed).toEqual([TWO, THREE, ONE, TWO]);
    expect(told).toEqual([]);
  });

  // https://github.com/kubernetes-sigs/controller-runtime/issues/2182: what changed between the first reading and the watch.
  it('is seen where that happened right after the first reading', () => {
    publish(ONE);
    const { renewed, look } = watched();
    publish(TWO);
    look();

    expect(renewed).toEqual([TWO]);
  });

  // https://github.com/istio/istio/pull/61162: links that lead to links in another folder.
  it('is seen through a link to the whole mount', () => {
    publish(ONE);
    const mount = folder;
    const link = `${folder}-link`;
    symlinkSync(mount, link);
    folder = link;
    const { renewed, look } = watched();
    folder = mount;
    publish(TWO);
    look();
    rmSync(link);

    expect(renewed).toEqual([TWO]);
  });

  it('is no news where only the link is new, or another file', () => {
    publish(ONE, { 'ca.crt': 'one' });
    const { renewed, told, look } = watched();
    publish(ONE, { 'ca.crt': 'another', note: 'nobody reads this' });
    look(5);

    expect({ renewed, told }).toEqual({ renewed: [], told: [] });
  });

  // https://github.com/open-policy-agent/gatekeeper/issues/1045: the old certificate was served for days.
  it('is what the next client of a server sees', async () => {
    publish(ONE);
    const server = createServer({ ...ONE });
    const { look } = watched((pair) => server.setSecureContext(pair));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const seen: (string | undefined)[] = [];
    for (const pair of [ONE, TWO, THREE]) {
      publish(pair);
      look();
      const client = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pair.cert });
      await once(client, 'secureConnect');
      seen.push(client.getPeerX509Certificate()?.fingerprint256);
      client.destroy();
      await once(client, 'close');
    }
    await new Promise((resolve) => {
      server.close(resolve);
    });

    expect(seen).toEqual([ONE, TWO, THREE].map(({ cert }) => new X509Certificate(cert).fingerprint256));
  });
});

describe('what cannot be used', () => {
  // https://github.com/kubernetes/kubernetes/issues/127538 (reloaded and told again and again),
  // https://github.com/Dstack-TEE/dstack/pull/917 (taken, and no client could connect any more)
  it.each([
    ['a key of another certificate', MIXED, 'tls.key is not the key of the certificate in tls.crt'],
    ['an empty certificate', { ...TWO, cert: '' }, 'tls.crt holds no certificate'],
    ['an empty key', { ...TWO, key: '' }, 'tls.key holds no private key'],
    ['half a certificate', { ...TWO, cert: TWO.cert.slice(0, 200) }, 'tls.crt holds no certificate'],
    ['half a key', { ...TWO, key: TWO.key.slice(0, 100) }, 'tls.key holds no private key'],
    ['half a chain', { ...TWO, cert: TWO.cert + ONE.cert.slice(0, 200) }, 'tls.crt and tls.key cannot be used'],
    ['no key', { cert: TWO.cert }, 'tls.key cannot be read (ENOENT)'],
  ])('leaves the one before in use, and is told once: %s', (_name, pair, fault) => {
    publish(ONE);
    const { watch, renewed, told, look } = watched();
    publish(pair);
    look(100);

    expect(told).toEqual([expect.stringContaining(`Mend the certificate in "${folder}": ${fault}`)]);
    expect({ renewed, current: watch.current }).toEqual({ renewed: [], current: ONE });
    publish(TWO);
    look();
    expect(renewed).toEqual([TWO]);
    expect(told).toHaveLength(1);
  });

  // https://github.com/kubernetes-sigs/controller-runtime/pull/3020, https://github.com/kubernetes-sigs/controller-runtime/issues/1719,
  // https://github.com/kubernetes-sigs/windows-gmsa/pull/178: once the files were gone, nothing was seen for ever.
  it('does not end the watch, even where the whole mount is gone', () => {
    publish(ONE);
    const { watch, renewed, told, look } = watched();
    rmSync(folder, { recursive: true });
    look(3);
    expect(told).toEqual([expect.stringContaining('tls.crt cannot be read (ENOENT)')]);
    expect(watch.current).toEqual(ONE);

    mkdirSync(folder);
    publish(TWO);
    look();
    expect(renewed).toEqual([TWO]);
  });

  it('is not told where it is only being written', () => {
    writeFileSync(join(folder, 'tls.crt'), ONE.cert);
    writeFileSync(join(folder, 'tls.key'), ONE.key);
    const { renewed, told, look } = watched();
    writeFileSync(join(folder, 'tls.crt'), '');
    look();
    writeFileSync(join(folder, 'tls.crt'), TWO.cert);
    look();
    writeFileSync(join(folder, 'tls.key'), TWO.key);
    look();

    expect({ renewed, told }).toEqual({ renewed: [TWO], told: [] });
  });

  it('is told again when it comes again, and so is each other fault', () => {
    publish(ONE);
    const { told, look } = watched();
    for (const pair of [MIXED, { ...TWO, key: '' }, MIXED, ONE, MIXED]) {
      publish(pair);
      look(2);
    }

    expect(told.map((message) => message.includes('not the key'))).toEqual([true, false, true]);
  });

  it('is also what the server refuses: it is offered again, and told once', () => {
    publish(ONE);
    let isRefused = true;
    const { watch, renewed, told, look } = watched(() => {
      if (isRefused) {
        throw new Error('no room for it');
      }
    });
    publish(TWO);
    look(3);
    expect(told).toEqual([expect.stringContaining('no room for it')]);
    expect(watch.current).toEqual(ONE);

    isRefused = false;
    look();
    expect(renewed).toEqual([TWO]);
  });

  it('is never quoted', () => {
    publish(ONE);
    const { told, look } = watched();
    publish({ cert: TWO.cert, key: `a secret ${TWO.key.slice(40)}` });
    look(2);

    expect(told).toHaveLength(1);
    expect(told[0]).not.toContain('secret');
    expect(told[0]).not.toContain(TWO.key.slice(60, 80));
  });
});

describe('at the start', () => {
  it.each([
    ['nothing is mounted', {}, 'tls.crt cannot be read (ENOENT)'],
    ['the key is missing', { cert: ONE.cert }, 'tls.key cannot be read (ENOENT)'],
    ['the two do not belong together', MIXED, 'tls.key is not the key of the certificate in tls.crt'],
  ])('says what to do where %s', (_name, pair, fault) => {
    publish(pair);

    expect(() => watched()).toThrow(`Mount a Secret of the type kubernetes.io/tls at "${folder}": ${fault}`);
  });

  it('reads nothing but the two files', () => {
    publish(ONE);
    mkdirSync(join(folder, 'ca.crt'));

    expect(watched().watch.current).toEqual(ONE);
  });
});

it('looks no more once it is closed, even from within', () => {
  publish(ONE);
  const { watch, clock, renewed, look } = watched(() => watch.close());
  publish(TWO);
  look();
  publish(THREE);
  look();

  expect(renewed).toEqual([TWO]);
  expect(clock.pending).toBe(0);
});
