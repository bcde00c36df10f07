// What no package should do on being imported, for the test of that.
await Promise.resolve();
globalThis.polyfill ??= globalThis.document ?? typeof fetch;
