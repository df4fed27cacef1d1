/** The URLs whose requests may be larger than API Gateway takes; CloudFront knows them as these patterns (infra/stacks/uploads-stack.ts). */
export const UPLOAD_PATTERNS = ['/v1/files', '/v1/uploads/*/parts'] as const;

const asExpression = (pattern: string): RegExp => new RegExp(`^${pattern.replace('*', '[^/]+')}$`);
const expressions = UPLOAD_PATTERNS.map(asExpression);

export const isUploadPath = (pathname: string): boolean => expressions.some((expression) => expression.test(pathname));
