import type { Application } from './application.ts';

/**
 * Facts from CHANGELOG.md and packages/cli/BREAKING-CHANGES.md in n8n-io/n8n, and from the release notes in n8n-io/n8n-docs.
 * A minor comes every week, and every few weeks one breaks something for those who use a certain node or variable. After 2.0
 * the last minor of 1.x goes on with patches.
 */
export const N8N: Application = {
  name: 'n8n',
  releases: [
    ['0.225.0', '2023-04-19'],
    ['0.225.2', '2023-04-25', { security: true }],
    ['0.226.0', '2023-04-26', { breaking: 'extractDomain and isDomain also match localhost' }],
    ['0.226.2', '2023-05-03'],
    ['0.228.0', '2023-05-11'],
    ['0.230.0', '2023-05-24'],
    ['0.232.0', '2023-06-07', { breaking: 'the Crypto node knows md4 and mdc2 no more' }],
    ['0.234.0', '2023-06-22', { breaking: 'ids become strings: there is no way back', ...discouraged('2023-07-04') }],
    ['0.235.0', '2023-06-28', discouraged('2023-07-04')],
    ['0.234.1', '2023-07-05'],
    ['0.236.0', '2023-07-05'],
    ['1.0.1', '2023-07-05', { breaking: 'branches run one after the other, Node.js 18 is needed' }],
    ['0.236.3', '2023-07-18'],
    ['1.0.5', '2023-07-24'],
    ['1.1.1', '2023-07-27'],
    ['1.2.0', '2023-08-09', { breaking: 'Low of the Linear node is 4', ...discouraged('2023-08-09') }],
    ['1.2.1', '2023-08-09'],
    ['1.3.0', '2023-08-16'],
    ['0.237.0', '2023-08-17'],
    ['1.4.0', '2023-08-23'],
    ['1.5.0', '2023-08-31', { breaking: 'console.log of the Code node is silent', ...discouraged('2023-08-31') }],
    ['1.5.1', '2023-08-31'],
    ['1.6.0', '2023-09-06', { breaking: 'N8N_PERSISTED_BINARY_DATA_TTL is gone', ...discouraged('2023-09-06') }],
    ['1.6.1', '2023-09-06'],
    ['1.8.0', '2023-09-20'],
    ['1.9.0', '2023-09-28', { breaking: 'getBinaryStream of own nodes has to be awaited' }],
    ['1.21.0', '2023-12-13'],
    ['1.22.0', '2023-12-21', { breaking: 'ripemd160 is gone, sha3 is the real one' }],
    ['1.24.0', '2024-01-10', { breaking: 'the cache cannot be switched off' }],
    ['1.22.6', '2024-01-10'],
    ['1.25.0', '2024-01-17', { breaking: 'N8N_ENCRYPTION_KEY must be that of the config file' }],
    ['1.26.0', '2024-01-24'],
    ['1.27.0', '2024-01-31', { breaking: 'the execution mode own is gone', ...discouraged('2024-01-31') }],
    ['1.27.1', '2024-01-31'],
    ['1.29.0', '2024-02-15'],
    ['1.32.0', '2024-03-06', { breaking: 'the cookie needs HTTPS unless N8N_SECURE_COOKIE is false' }],
    ['1.37.0', '2024-04-10', { breaking: 'execute has no --file any more' }],
    ['1.40.0', '2024-05-02', { breaking: 'the database user is postgres unless it is set' }],
    ['1.47.0', '2024-06-20', { breaking: 'last() and first() follow the branch that they come from' }],
    ['1.57.0', '2024-08-28', { breaking: 'the log level verbose is debug' }],
    ['1.65.0', '2024-10-24', { breaking: 'QUEUE_RECOVERY_INTERVAL is gone' }],
    ['1.83.0', '2025-03-12', { breaking: 'forms take no input fields in own HTML' }],
    ['1.98.0', '2025-06-11', { breaking: 'Node.js 20 is needed' }],
    ['1.103.0', '2025-07-14', { breaking: 'HTML answers of webhooks run in a sandbox' }],
    ['1.107.0', '2025-08-11', { breaking: '--reinstallMissingPackages is gone' }],
    ['1.109.0', '2025-08-25', { breaking: 'the sandbox of HTML answers is a header' }],
    ['1.123.0', '2025-12-01'],
    ['2.0.0', '2025-12-08', { breaking: 'Execute Command is off unless NODES_EXCLUDE says otherwise' }],
    ['2.1.0', '2025-12-15'],
    ['2.8.0', '2026-02-09'],
    ['1.123.23', '2026-03-04', { security: true }],
    ['2.12.0', '2026-03-09'],
    ['1.123.26', '2026-03-19', { security: true }],
    ['2.16.0', '2026-04-07'],
    ['1.123.34', '2026-04-23', { security: true }],
    ['2.20.0', '2026-05-05'],
    ['1.123.43', '2026-05-13', { security: true }],
    ['2.23.0', '2026-05-26'],
    ['2.26.0', '2026-06-09'],
    ['1.123.57', '2026-06-17', { security: true }],
    ['2.29.0', '2026-06-30'],
  ],
  failsHere: { '2.12.0': 'its pods crash' },
};

/** The publisher advises to take the one after it. */
function discouraged(on: string) {
  return { deprecated: { on, why: 'take the one after it' } };
}
