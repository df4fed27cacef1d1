/** `npx cdk synth|deploy -c stage=NAME` starts here. */
import { App } from 'aws-cdk-lib';
import { buildApp } from './build.ts';
import { findStage } from './stages.ts';

const app = new App();
buildApp(app, findStage(app.node.tryGetContext('stage')));
app.synth();
