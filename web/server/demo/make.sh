#!/bin/sh
# Draws the demo clip anew: make.sh [path of ffmpeg]. See README.md.
set -eu
cd "$(dirname "$0")"
ffmpeg=${1:-ffmpeg}
seconds=12

"$ffmpeg" -hide_banner -loglevel error -y \
  -f lavfi -i "gradients=size=540x960:rate=30:duration=$seconds:seed=7:speed=0.015:nb_colors=4:c0=0x1b1f3b:c1=0xd1495b:c2=0xedae49:c3=0x30638e:x0=0:y0=0:x1=540:y1=960" \
  -f lavfi -i "testsrc2=size=432x244:rate=30:duration=$seconds" \
  -f lavfi -i "mandelbrot=size=180x180:rate=30:start_scale=0.6:end_scale=0.02:end_pts=400" \
  -filter_complex "[0][1]overlay=x=54:y=358[a];[a][2]overlay=x='180+150*sin(2*PI*t/6)':y='110+40*cos(2*PI*t/3)':shortest=1,format=yuv420p[v]" \
  -map "[v]" -t $seconds -c:v libx264 -profile:v baseline -level:v 3.1 -preset veryslow \
  -b:v 620k -maxrate 760k -bufsize 400k -threads 1 \
  -x264-params "keyint=30:min-keyint=30:scenecut=0:bframes=0:slices=1:repeat-headers=1" \
  -bitexact -f h264 loop.h264

"$ffmpeg" -hide_banner -loglevel error -y \
  -f lavfi -i "aevalsrc=exprs='0.11*(sin(2*PI*220*t)+sin(2*PI*277*t)+sin(2*PI*330*t))*(0.6+0.4*sin(2*PI*t/3))+0.08*sin(2*PI*880*t)*exp(-6*mod(t\,0.5))|0.11*(sin(2*PI*220*t)+sin(2*PI*278*t)+sin(2*PI*331*t))*(0.6+0.4*cos(2*PI*t/3))+0.08*sin(2*PI*660*t)*exp(-6*mod(t+0.25\,0.5))':sample_rate=48000:duration=$seconds" \
  -c:a libopus -b:a 64k -vbr off -frame_duration 20 -application audio \
  -bitexact -f ogg loop.ogg
