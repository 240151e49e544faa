#ifndef TSBUILD_DEVICE_FILTER_H
#define TSBUILD_DEVICE_FILTER_H

/*
 * Lets the processes of a control group of version 2 open the usual devices, wherever they have nodes of them, and no other
 * one; nodes of any may be made (docker's rules: moby oci/defaults.go). It goes with the group. 0, or -1 with errno.
 */
int filter_devices(int group);

#endif
