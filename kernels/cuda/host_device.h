/* host_device.h -- marks inline functions that C files and kernels share. */
#ifndef GD_KERNELS_CUDA_HOST_DEVICE_H
#define GD_KERNELS_CUDA_HOST_DEVICE_H

#ifdef __CUDACC__
#define GD_HOST_DEVICE __host__ __device__
#else
#define GD_HOST_DEVICE
#endif

#endif
