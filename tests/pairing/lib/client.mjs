// The library, as it was built.
export * from '../../../clients/typescript/dist/index.js';
