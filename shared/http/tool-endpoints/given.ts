import type { Given } from '../../actions/tool-endpoints.ts';

/** What a request says of an endpoint, in the words of the action. */
export const toGiven = ({ url, lambda_arn, timeout_seconds }: { url?: string | undefined; lambda_arn?: string | undefined; timeout_seconds?: number | undefined }): Given => ({
  url,
  lambdaArn: lambda_arn,
  timeoutSeconds: timeout_seconds,
});
