import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readOperatorConfig, readSettings } from '../../src/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function configFile(content: string): string {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, content);
  return file;
}

describe('settings', () => {
  it('have defaults, also where a variable is empty', () => {
    expect(readSettings({ WATCH_NAMESPACES: '', LOG_LEVEL: '' })).toEqual({
      WATCH_NAMESPACES: [],
      WORKERS: 16,
      WATCH_SECRETS: false,
      GENERATED_SECRETS: false,
      LEADER_ELECTION: true,
      POD_NAMESPACE: 'default',
      LOG_LEVEL: 'info',
      METRICS_PORT: 8081,
      API_PORT: 8080,
      API_ONLY: false,
      API_TLS_FOLDER: '',
      API_PLAIN_HTTP: false,
      API_CORS_ORIGINS: [],
      API_RATE_LIMIT: 1000,
      API_OPEN_CATALOGUE: true,
      OPERATOR_CONFIG: '',
    });
  });

  it('take a list of namespaces', () => {
    expect(readSettings({ WATCH_NAMESPACES: 'a, b,,a' }).WATCH_NAMESPACES).toEqual(['a', 'b']);
  });

  it('take a list of origins', () => {
    const { API_CORS_ORIGINS } = readSettings({ API_CORS_ORIGINS: 'https://a.example.com, http://localhost:3000,' });
    expect(API_CORS_ORIGINS).toEqual(['https://a.example.com', 'http://localhost:3000']);
  });

  it.each([
    'WORKERS=none',
    'WORKERS=0',
    'WATCH_SECRETS=yes',
    'LOG_LEVEL=loud',
    'METRICS_PORT=70000',
    'API_PORT=http',
    'API_ONLY=yes',
    'API_RATE_LIMIT=0',
    'API_CORS_ORIGINS=*',
    'API_CORS_ORIGINS=https://portal.example.com/',
    'WATCH_NAMESPACES=A/b',
  ])('that are wrong name themselves: %s', (setting) => {
    const [name = '', value] = setting.split('=');
    expect(() => readSettings({ [name]: value })).toThrow(name);
  });
});

describe('the operator config', () => {
  it('has defaults', () => {
    expect(readOperatorConfig('')).toMatchObject({
      defaults: { progressDeadlineSeconds: 600 },
      privilegedProviders: [],
    });
    expect(readOperatorConfig(configFile(''))).toEqual(readOperatorConfig(''));
    expect(readOperatorConfig(configFile('defaults:\ntiers:\n'))).toEqual(readOperatorConfig(''));
  });

  it.each([
    ['an unknown field', 'teirs: {}', 'teirs'],
    ['a bad amount of memory', 'tiers: {free: {resources: {limits: {memory: 256mb}}}}', 'Must be a quantity such as'],
    ['a bad quantity', 'tiers: {free: {resources: {limits: {cpu: lots}}}}', 'tiers.free.resources.limits.cpu'],
    [
      'a tier that promises more than it allows',
      "tiers: {free: {resources: {requests: {cpu: 2}, limits: {cpu: '1.5'}}}}",
      'tiers.free.resources: Set requests.cpu to limits.cpu or less',
    ],
    ['a misspelt tier', 'tiers: {free: {replica: 1}}', 'replica'],
    ['a deadline that is always missed', 'defaults: {progressDeadlineSeconds: 20, stableSeconds: 30}', 'stableSeconds'],
    ['a default deadline that is', 'defaults: {stableSeconds: 150}', 'progressDeadlineSeconds'],
    ['no YAML', 'tiers: [', 'cannot read'],
  ])('that is wrong says where: %s', (_, content, where) => {
    expect(() => readOperatorConfig(configFile(content))).toThrow(where);
  });

  it('that is missing names its file', () => {
    expect(() => readOperatorConfig('/nowhere.yaml')).toThrow('/nowhere.yaml');
  });
});
