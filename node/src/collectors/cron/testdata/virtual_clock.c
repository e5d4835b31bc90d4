// Virtual clock for the real Debian cron: sleep() moves time(), syslog() writes a line with that time.
#define _GNU_SOURCE
#include <time.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdarg.h>
#include <unistd.h>
#include <fcntl.h>
#include <string.h>
static time_t now, end; static int ready;
static void init(void){ if(!ready){ ready=1; now=atoll(getenv("FAKE_START")); end=atoll(getenv("FAKE_END")); } }
time_t time(time_t*t){ init(); if(t)*t=now; return now; }
unsigned sleep(unsigned n){ init(); now+=n; if(now>end) _exit(0); return 0; }
static void out(const char*fmt, va_list ap){ char b[3000]; init(); int n=snprintf(b,sizeof b,"%lld ",(long long)now);
  n+=vsnprintf(b+n,sizeof b-n-1,fmt,ap); if(n>2990)n=2990; b[n++]='\n';
  int fd=open(getenv("FAKE_LOG"),O_WRONLY|O_APPEND|O_CREAT,0644); if(fd>=0){ write(fd,b,n); close(fd);} }
void syslog(int p,const char*fmt,...){ va_list a; va_start(a,fmt); out(fmt,a); va_end(a); }
void __syslog_chk(int p,int f,const char*fmt,...){ va_list a; va_start(a,fmt); out(fmt,a); va_end(a); }
int execle(const char*p,const char*a,...){ _exit(0); }
int pam_start(const char*a,const char*b,const void*c,void**h){ *h=(void*)1; return 0; }
int pam_set_item(void*h,int i,const void*v){return 0;}
int pam_acct_mgmt(void*h,int f){return 0;}
int pam_setcred(void*h,int f){return 0;}
int pam_open_session(void*h,int f){return 0;}
int pam_close_session(void*h,int f){return 0;}
int pam_end(void*h,int f){return 0;}
char**pam_getenvlist(void*h){ return calloc(1,sizeof(char*)); }
