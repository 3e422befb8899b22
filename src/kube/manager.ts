// Who a field manager is: a program that does its work, or somebody who wanted something. Pure data and its reading.

/** Names under which controllers write, as seen in managedFields of the components that devstack installs. */
const CONTROLLERS = new Set([
  'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'coredns', 'kindnetd', 'storage-provisioner', 'k3s',
  // Knative names its programs after their folders.
  'activator', 'autoscaler', 'controller', 'webhook', 'kourier', 'mtchannel_broker', 'channel_dispatcher', 'filter', 'ingress', 'jobsink', 'mtping',
  'requestreply', 'apiserver_receive_adapter', 'migrate', 'cleanup', 'default-domain',
  'cainjector', 'contour', 'pilot-agent', 'pilot-discovery', 'speaker',
]);
const CONTROLLER_NAME = /[-_](autoscaler|cainjector|controller|controller-manager|operator|provisioner|reconciler|scheduler|webhook)$/;

/** True for a manager whose changes need no report. Anybody unknown is somebody. */
export function isController(manager: string): boolean {
  return CONTROLLERS.has(manager) || CONTROLLER_NAME.test(manager);
}
