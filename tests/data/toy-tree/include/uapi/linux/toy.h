#ifndef _UAPI_LINUX_TOY_H
#define _UAPI_LINUX_TOY_H

#define TOY_PAGES 4

#ifdef __KERNEL__
#define TOY_SECRET 1
#endif

#endif
