import { execFileSync } from 'node:child_process';
import { LOCAL_BASE } from '../../tools/image.ts';
import { importBusybox } from '../node/busybox.ts';

/** The images of the provider's releases, each with the line that sets it apart. */
const IMAGES = {
  'acme/web:1.0.0': '',
  'acme/web:1.1.0': '',
  'acme/web:1.1.1': '',
  'acme/exits:1.1.0': 'ENV BEHAVIOUR=exits',
  'acme/never-ready:1.1.0': 'ENV BEHAVIOUR=never-ready',
  'acme/eats-memory:1.1.0': 'ENV BEHAVIOUR=eats-memory',
  'acme/as-root:1.1.0': 'USER root',
} as const;

/** The path of the software `php` in its image. */
const PHP = '/usr/lib/php';

/** Builds the images of the test's provider and of its software, and returns their names in the registry. */
export function buildProviderImages(registry: string, env: NodeJS.ProcessEnv): string[] {
  function build(tag: string, dockerfile: string, ...context: string[]): string {
    const name = `${registry}/${tag}`;
    const from = context.length === 0 ? ['-'] : ['--file', '-', ...context];
    execFileSync('docker', ['build', '--quiet', '--tag', name, ...from], {
      env: { ...env, DOCKER_BUILDKIT: '0' },
      input: dockerfile,
      stdio: 'pipe',
    });
    return name;
  }
  const common = build(
    'acme/common',
    `FROM ${LOCAL_BASE}\nCOPY provider.mjs /provider.mjs\nENTRYPOINT ["/nodejs/bin/node", "/provider.mjs"]\n`,
    import.meta.dirname,
  );
  const providers = Object.entries(IMAGES).map(([tag, difference]) =>
    build(tag, `FROM ${common}\nENV VERSION=${tag.split(':')[1]}\n${difference}\n`),
  );
  const softwares = ['8.3.12', '8.3.13'].map((version) => {
    const name = `${registry}/software/php:${version}`;
    importBusybox(name, { env, files: { [`${PHP}/VERSION`]: `${version}\n` }, entrypoint: ['sh'] });
    return name;
  });
  return [...providers, ...softwares];
}

export function phpRelease(registry: string, version: string): object {
  return {
    version,
    provides: { image: `${registry}/software/php:${version}`, path: PHP, mountPath: '/opt/php' },
  };
}
