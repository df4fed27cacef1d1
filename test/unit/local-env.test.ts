import { describe, expect, it } from '@jest/globals';
import { EnvError, allowedHosts, readEnv, toConfig } from '../../local/env.ts';

describe('the environment', () => {
  it('needs nothing', () => {
    expect(readEnv({})).toEqual({
      PORT: 4010,
      HOST: '127.0.0.1',
      DATA_DIR: '.data',
      MODEL_ALIASES: new Map(),
      CONTEXT_WINDOW: 128_000,
      MODEL_CONTEXT_WINDOWS: new Map(),
      RUN_WINDOW_SECONDS: 600,
      EMBEDDING_MODEL: 'text-embedding-3-large',
      MAX_FILE_TOKENS: 5_000_000,
      MAX_FILES_PER_STORE: 10_000,
      RETENTION_DAYS: 60,
      MAX_BODY_BYTES: 16_777_216,
      CORS_ORIGINS: ['local'],
      ALLOWED_HOSTS: [],
      LOG: 'error',
    });
  });

  it('takes an empty or blank variable for none, and lets others be', () => {
    const blank = Object.fromEntries(['PORT', 'HOST', 'MODEL_BASE_URL', 'MODEL_API_KEY', 'CONTEXT_WINDOW', 'RETENTION_DAYS', 'LOG'].map((name, n) => [name, n % 2 === 0 ? '' : '  ']));
    expect(readEnv({ ...blank, PATH: '/bin', MODEL: 'x' })).toEqual(readEnv({}));
  });

  it('reads every variable', () => {
    expect(
      readEnv({
        PORT: '0',
        HOST: '0.0.0.0',
        DATA_DIR: '/data',
        MODEL_BASE_URL: 'http://localhost:11434/v1',
        MODEL_API_KEY: ' sk-x ',
        MODEL_ALIASES: 'gpt-4o=llama3.1:8b, gpt-4 = a=b ,',
        CONTEXT_WINDOW: '8192',
        MODEL_CONTEXT_WINDOWS: 'small=1024,big=1000000',
        RUN_WINDOW_SECONDS: '5',
        EMBEDDING_MODEL: 'nomic-embed-text',
        EMBEDDING_DIMENSIONS: '768',
        MAX_FILE_TOKENS: '2000000',
        MAX_FILES_PER_STORE: '20000',
        RETENTION_DAYS: 'never',
        MAX_BODY_BYTES: '1024',
        CORS_ORIGINS: 'https://a.example, https://b.example,',
        ALLOWED_HOSTS: 'a.example,',
        PYTHON: '/opt/python/bin/python3',
        CODE_INTERPRETER_WITHOUT_ISOLATION: 'i-know-what-this-means',
        LOG: 'off',
      }),
    ).toEqual({
      PORT: 0,
      HOST: '0.0.0.0',
      DATA_DIR: '/data',
      MODEL_BASE_URL: 'http://localhost:11434/v1',
      MODEL_API_KEY: 'sk-x',
      MODEL_ALIASES: new Map([['gpt-4o', 'llama3.1:8b'], ['gpt-4', 'a=b']]),
      CONTEXT_WINDOW: 8192,
      MODEL_CONTEXT_WINDOWS: new Map([['small', 1024], ['big', 1_000_000]]),
      RUN_WINDOW_SECONDS: 5,
      EMBEDDING_MODEL: 'nomic-embed-text',
      EMBEDDING_DIMENSIONS: 768,
      MAX_FILE_TOKENS: 2_000_000,
      MAX_FILES_PER_STORE: 20_000,
      RETENTION_DAYS: 'never',
      MAX_BODY_BYTES: 1024,
      CORS_ORIGINS: ['https://a.example', 'https://b.example'],
      ALLOWED_HOSTS: ['a.example'],
      PYTHON: '/opt/python/bin/python3',
      CODE_INTERPRETER_WITHOUT_ISOLATION: 'i-know-what-this-means',
      LOG: 'off',
    });
  });

  /** The message of the EnvError that such an environment makes. */
  function complaint(env: Record<string, string>): string {
    let thrown: unknown;
    try {
      readEnv(env);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(EnvError);
    return (thrown as EnvError).message;
  }

  it.each([
    ['PORT', 'http'],
    ['PORT', '-1'],
    ['PORT', '70000'],
    ['PORT', '80.5'],
    ['MODEL_BASE_URL', 'localhost'],
    ['MODEL_ALIASES', 'gpt-4o'],
    ['MODEL_ALIASES', '=llama'],
    ['CONTEXT_WINDOW', '1000'],
    ['CONTEXT_WINDOW', 'large'],
    ['MODEL_CONTEXT_WINDOWS', 'gpt-4o'],
    ['MODEL_CONTEXT_WINDOWS', 'gpt-4o=large'],
    ['MODEL_CONTEXT_WINDOWS', 'gpt-4o=10'],
    ['MODEL_CONTEXT_WINDOWS', 'gpt-4o='],
    ['RUN_WINDOW_SECONDS', '0'],
    ['RETENTION_DAYS', '0'],
    ['RETENTION_DAYS', '4000'],
    ['RETENTION_DAYS', 'always'],
    ['MAX_BODY_BYTES', '10'],
    ['PYTHON', 'python3'],
    ['CODE_INTERPRETER_WITHOUT_ISOLATION', 'true'],
    ['CODE_INTERPRETER_WITHOUT_ISOLATION', 'I-know-what-this-means'],
    ['LOG', 'debug'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(complaint({ [name]: value })).toMatch(new RegExp(`^${name}: \\S`));
  });

  it('says with which word code runs without isolation, and what that word means', () => {
    const said = complaint({ CODE_INTERPRETER_WITHOUT_ISOLATION: '1' });
    expect(said).toMatch(/exactly i-know-what-this-means or not at all/);
    expect(said).toMatch(/whatever the server's user may do/);
  });

  it('names all that is wrong at once', () => {
    const wrong = { PORT: 'x', MODEL_BASE_URL: 'x', MODEL_ALIASES: 'x', CONTEXT_WINDOW: 'x', MODEL_CONTEXT_WINDOWS: 'x=y', RUN_WINDOW_SECONDS: 'x', RETENTION_DAYS: 'x', MAX_BODY_BYTES: 'x', LOG: 'x' };
    const named = complaint({ ...wrong, HOST: 'fine' }).split('\n').map((line) => line.split(':')[0]);
    expect(new Set(named)).toEqual(new Set(Object.keys(wrong)));
  });
});

describe('the configuration made of it', () => {
  it('has the retention in the domain’s own words', () => {
    expect(toConfig(readEnv({}))).toMatchObject({ runWindowSeconds: 600, retention: { days: 60 } });
    expect(toConfig(readEnv({ RETENTION_DAYS: 'never' })).retention).toBe('never');
  });

  it('knows the window of each model', () => {
    const config = toConfig(readEnv({ CONTEXT_WINDOW: '8192', MODEL_CONTEXT_WINDOWS: 'big=1000000' }));
    expect([config.contextWindow('big'), config.contextWindow('other')]).toEqual([1_000_000, 8192]);
  });

  it('knows it by the name that the upstream has for the model', () => {
    const config = toConfig(readEnv({ MODEL_ALIASES: 'gpt-4o=llama3.2', MODEL_CONTEXT_WINDOWS: 'llama3.2=8192' }));
    expect([config.contextWindow('gpt-4o'), config.contextWindow('gpt-4')]).toEqual([8192, 128_000]);
  });

  it('lets a server on this machine alone answer to its own names only, unless told otherwise', () => {
    const own = ['localhost', '127.0.0.1', '[::1]', '::1'];
    expect(allowedHosts(readEnv({}))).toEqual(own);
    expect(allowedHosts(readEnv({ ALLOWED_HOSTS: 'my.box' }))).toEqual([...own, 'my.box']);
    expect(allowedHosts(readEnv({ ALLOWED_HOSTS: '*' }))).toBeUndefined();
    expect(allowedHosts(readEnv({ HOST: '0.0.0.0' }))).toBeUndefined();
  });
});
