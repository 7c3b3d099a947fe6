// Generated from the OpenAPI document by scripts/write-client-types.ts. Do not edit.
export {};
//# sourceMappingURL=native-api.js.map